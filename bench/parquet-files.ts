import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { openParquet } from '../lake/parquet/write.ts';
import type { Python } from './python.ts';
import { repeated, type Text } from './texts.ts';

/** A generated Parquet file of id and text. */
export interface InputFile {
  path: string;
  codec: 'snappy' | 'zstd';
  writer: 'pyarrow' | 'instruct-lake';
  rows: number;
  rowGroups: number;
  textBytes: number;
  fileBytes: number;
}

const COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'text', type: 'string', nullable: false },
] as const;
/** Rows handed to the writer at once. */
const BATCH = 256;

/**
 * Writes Parquet files with `bytes` of text into a folder: snappy and zstd as pyarrow writes them (one row group) when it
 * is there, else snappy by our own writer.
 */
export async function writeInputs(
  folder: string,
  texts: readonly Text[],
  bytes: number,
  python: Python | undefined,
): Promise<InputFile[]> {
  const path = join(folder, 'instruct-lake.snappy.parquet');
  const textBytes = writeOwn(path, texts, bytes);
  if (python === undefined) return [await described(path, 'snappy', 'instruct-lake', textBytes)];
  const script = fileURLToPath(new URL('contenders/pyarrow_write.py', import.meta.url));
  const files: InputFile[] = [];
  for (const codec of ['snappy', 'zstd'] as const) {
    const target = join(folder, `pyarrow.${codec}.parquet`);
    execFileSync(python.command, [script, path, target, codec], { stdio: ['ignore', 'inherit', 'inherit'] });
    files.push(await described(target, codec, 'pyarrow', textBytes));
  }
  return files;
}

async function described(
  path: string,
  codec: InputFile['codec'],
  writer: InputFile['writer'],
  textBytes: number,
): Promise<InputFile> {
  const { num_rows, row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(path));
  const fileBytes = statSync(path).size;
  return { path, codec, writer, rows: Number(num_rows), rowGroups: row_groups.length, textBytes, fileBytes };
}

/** Answers how many bytes of text it has written. */
function writeOwn(path: string, texts: readonly Text[], bytes: number): number {
  const stream = openParquet(COLUMNS);
  const file = openSync(path, 'wx');
  let textBytes = 0;
  let batch: Text[] = [];
  const put = (pieces: readonly Uint8Array[]): void => {
    for (const piece of pieces) writeSync(file, piece);
  };
  const flush = (): void => {
    put(stream.append({ id: batch.map(({ id }) => id), text: batch.map(({ text }) => text) }));
    batch = [];
  };
  try {
    for (const row of repeated(texts, bytes)) {
      textBytes += Buffer.byteLength(row.text);
      batch.push(row);
      if (batch.length === BATCH) flush();
    }
    flush();
    put(stream.finish());
  } finally {
    closeSync(file);
  }
  return textBytes;
}
