import { readFile } from 'node:fs/promises';
import { type Footer, readFooter, type SourceObject } from '../../../lake/parquet/footer.ts';
import { type RowRequest, readRows } from '../../../lake/parquet/rows.ts';
import type { DirectoryStore } from '../directory-store.ts';

/** Puts bytes (or a local file) into the store as a source. */
export async function stored(
  store: DirectoryStore,
  key: string,
  content: Uint8Array | string,
): Promise<SourceObject> {
  await store.put(key, typeof content === 'string' ? await readFile(content) : content);
  const info = await store.head(key);
  if (info === undefined) throw new Error(`${key} was not stored`);
  return { key, ...info };
}

export async function allRows(
  store: DirectoryStore,
  source: SourceObject,
  request?: Partial<RowRequest>,
): Promise<{ footer: Footer; rows: Record<string, unknown>[]; batches: [firstRow: number, rows: number][] }> {
  const footer = await readFooter(store, source);
  const columns = request?.columns ?? footer.columns.map(({ name }) => name);
  const rows: Record<string, unknown>[] = [];
  const batches: [number, number][] = [];
  for await (const batch of readRows(store, source, footer, { ...request, columns })) {
    rows.push(...batch.rows);
    batches.push([batch.firstRow, batch.rows.length]);
  }
  return { footer, rows, batches };
}
