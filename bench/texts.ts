import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { samplePassages } from '../client/sample/index.ts';

export interface Text {
  id: string;
  text: string;
}

export interface Texts {
  /** Where they come from: figures on different texts do not compare. */
  from: 'corpus' | 'sample';
  texts: Text[];
}

export const DATA =
  process.env.INSTRUCT_LAKE_DATA ?? fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** Real texts where they lie beside the checkout (or in INSTRUCT_LAKE_DATA), else the passages of the sample. */
export async function sourceTexts(): Promise<Texts> {
  const folder = join(DATA, 'corpus');
  if (!existsSync(folder)) return { from: 'sample', texts: samplePassages() };
  const texts: Text[] = [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.parquet'));
  for (const name of files.sort()) {
    const file = await asyncBufferFromFile(join(folder, name));
    const rows = await parquetReadObjects({ file, columns: ['id', 'text'], compressors });
    texts.push(...rows.map(({ id, text }) => ({ id: String(id), text: String(text) })));
  }
  return { from: 'corpus', texts };
}

/**
 * The texts over and over until they hold `bytes` of UTF-8. Each copy starts with its number, so that no two texts are
 * equal and a dictionary gains nothing.
 */
export function* repeated(texts: readonly Text[], bytes: number): Generator<Text> {
  if (texts.every(({ text }) => text === '')) throw new RangeError('no text to repeat');
  let written = 0;
  for (let copy = 0; ; copy++) {
    for (const { id, text } of texts) {
      if (written >= bytes) return;
      const row = { id: `${id}/${copy}`, text: `${copy}. ${text}` };
      written += Buffer.byteLength(row.text);
      yield row;
    }
  }
}
