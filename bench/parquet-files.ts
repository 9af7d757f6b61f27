import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
export function writeInputs(
  folder: string,
  texts: readonly Text[],
  bytes: number,
  python: Python | undefined,
): InputFile[] {
  const path = join(folder, 'instruct-lake.snappy.parquet');
  const own = writeOwn(path, texts, bytes);
  if (python === undefined) return [own];
  const script = fileURLToPath(new URL('contenders/pyarrow_write.py', import.meta.url));
  return (['snappy', 'zstd'] as const).map((codec) => {
    const target = join(folder, `pyarrow.${codec}.parquet`);
    const answer = execFileSync(python.command, [script, path, target, codec], { encoding: 'utf8' });
    const { rowGroups } = JSON.parse(answer) as { rowGroups: number };
    return {
      ...own,
      path: target,
      codec,
      writer: 'pyarrow' as const,
      rowGroups,
      fileBytes: statSync(target).size,
    };
  });
}

function writeOwn(path: string, texts: readonly Text[], bytes: number): InputFile {
  const stream = openParquet(COLUMNS);
  const file = openSync(path, 'wx');
  let rows = 0;
  let textBytes = 0;
  let rowGroups = 0;
  let batch: Text[] = [];
  const put = (pieces: readonly Uint8Array[]): void => {
    for (const piece of pieces) writeSync(file, piece);
  };
  const flush = (): void => {
    const pieces = stream.append({ id: batch.map(({ id }) => id), text: batch.map(({ text }) => text) });
    rowGroups += pieces.length;
    put(pieces);
    batch = [];
  };
  try {
    for (const row of repeated(texts, bytes)) {
      rows++;
      textBytes += Buffer.byteLength(row.text);
      batch.push(row);
      if (batch.length === BATCH) flush();
    }
    flush();
    put(stream.finish());
  } finally {
    closeSync(file);
  }
  const fileBytes = statSync(path).size;
  return { path, codec: 'snappy', writer: 'instruct-lake', rows, rowGroups, textBytes, fileBytes };
}
