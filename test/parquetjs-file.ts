import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import parquetjs from 'parquetjs-lite';

export interface ParquetJsRow {
  id: number;
  text: string | null;
}

/** A file of `id` and `text` as parquetjs-lite writes it. */
export async function parquetjsFile(
  rows: readonly ParquetJsRow[],
  how: { compression: 'UNCOMPRESSED' | 'GZIP' | 'SNAPPY'; rowGroupSize: number; useDataPageV2: boolean },
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'parquetjs-'));
  try {
    const { compression, rowGroupSize, useDataPageV2 } = how;
    const path = join(folder, 'file.parquet');
    const schema = new parquetjs.ParquetSchema({
      id: { type: 'INT64', compression },
      text: { type: 'UTF8', optional: true, compression },
    });
    const writer = await parquetjs.ParquetWriter.openFile(schema, path, { useDataPageV2 });
    writer.setRowGroupSize(rowGroupSize);
    for (const { id, text } of rows) await writer.appendRow(text === null ? { id } : { id, text });
    await writer.close();
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
