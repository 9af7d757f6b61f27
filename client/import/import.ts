import { createHash } from 'node:crypto';
import { BadImport, BadUsage } from '../../lake/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../lake/store.ts';
import { type FoundFile, findFiles } from './files.ts';
import { inspectJsonl, jsonlToParquet } from './jsonl.ts';
import { checkTarget, keyOf } from './keys.ts';
import { inspectPairs, type PairsShape, pairsToParquet } from './pairs.ts';
import { fileBytes, inspectParquet } from './parquet.ts';

export interface ImportRequest {
  store: ObjectStore;
  /** Local files and folders. */
  paths: readonly string[];
  /** `raw/<domain>/` (`pairs/<domain>/` for pairs), or a folder below it. */
  to: string;
  /** The files have contexts with their pairs. */
  pairs?: boolean;
  /** Replace objects that have other content. */
  overwrite?: boolean;
  /** Told one line about each step. */
  report?: (line: string) => void;
}

export interface Imported {
  key: string;
  rows: number;
  bytes: number;
  /** Of files of pairs. */
  pairs?: number;
  state: 'written' | 'unchanged';
}

/** A file that was read and found good. */
interface Ready {
  path: string;
  key: string;
  rows: number;
  pairs?: PairsShape;
  /** Produces the object's bytes, the same each time. */
  body: () => AsyncIterable<Uint8Array>;
}

interface Digest {
  bytes: number;
  sha256: string;
}

const COMPARE_BYTES = 8 * 2 ** 20;

/**
 * Brings local Parquet and JSONL files into the lake, one object each; those of pairs in one form, whatever theirs is. Everything is checked before anything is
 * written. Throws BadUsage for `to`, BadImport for unreadable files (all of them in one message), for files that want
 * the same key, and for objects that exist with other content unless `overwrite`.
 */
export async function importPaths(request: ImportRequest): Promise<Imported[]> {
  const { store, to, report = () => {} } = request;
  const asPairs = request.pairs === true;
  checkTarget(to, asPairs ? 'pairs/' : 'raw/');
  if (request.paths.length === 0) throw new BadUsage('import needs at least one file or folder');
  const files = await findFiles(request.paths, (path) => report(`skipped ${path}: not Parquet or JSONL`));
  const keys = assignKeys(files, to);
  const ready = await inspectAll(files, keys, asPairs ? inspectAsPairs : inspect, report);
  const unchanged = await compareAll(store, ready, request.overwrite ?? false, report);
  const imported: Imported[] = [];
  for (const file of ready) {
    const same = unchanged.get(file.key);
    if (same !== undefined) {
      report(`unchanged ${file.key}`);
      imported.push({ ...told(file), bytes: same.bytes, state: 'unchanged' });
      continue;
    }
    const counted = counting(file.body());
    await store.write(file.key, counted.chunks);
    report(`wrote ${file.key}: ${file.rows} rows, ${counted.bytes()} bytes`);
    imported.push({ ...told(file), bytes: counted.bytes(), state: 'written' });
  }
  return imported;
}

const told = ({ key, rows, pairs }: Ready): Pick<Imported, 'key' | 'rows' | 'pairs'> => ({
  ...{ key, rows },
  ...(pairs && { pairs: pairs.pairs }),
});

function assignKeys(files: readonly FoundFile[], to: string): Map<FoundFile, string> {
  const keys = new Map<FoundFile, string>();
  const takers = new Map<string, FoundFile>();
  for (const file of files) {
    const key = keyOf(to, file.folders, file.stem);
    const other = takers.get(key);
    if (other !== undefined) {
      throw new BadImport(
        `${other.path} and ${file.path} would both become ${key}; rename one, or import them apart`,
      );
    }
    takers.set(key, file);
    keys.set(file, key);
  }
  return keys;
}

async function inspectAll(
  files: readonly FoundFile[],
  keys: ReadonlyMap<FoundFile, string>,
  inspect: (file: FoundFile) => Promise<Inspected>,
  report: (line: string) => void,
): Promise<Ready[]> {
  const ready: Ready[] = [];
  const problems: BadImport[] = [];
  for (const file of files) {
    try {
      const inspected = await inspect(file);
      report(`checked ${file.path}: ${inspected.rows} rows${pairsSaid(inspected.pairs)}`);
      ready.push({ path: file.path, key: keys.get(file) ?? '', ...inspected });
    } catch (error) {
      if (!(error instanceof BadImport)) throw error;
      problems.push(error);
    }
  }
  throwAll(problems);
  return ready;
}

type Inspected = Pick<Ready, 'rows' | 'pairs' | 'body'>;

async function inspect({ path, format }: FoundFile): Promise<Inspected> {
  if (format === 'parquet') {
    const { rows, size } = await inspectParquet(path);
    return { rows, body: () => fileBytes(path, size) };
  }
  const gzipped = format === 'jsonl.gz';
  const shape = await inspectJsonl(path, gzipped);
  return { rows: shape.rows, body: () => jsonlToParquet(path, gzipped, shape) };
}

async function inspectAsPairs(file: FoundFile): Promise<Inspected> {
  const pairs = await inspectPairs(file);
  return { rows: pairs.rows, pairs, body: () => pairsToParquet(file, pairs) };
}

function pairsSaid(shape: PairsShape | undefined): string {
  if (shape === undefined) return '';
  const drops = Object.entries(shape.drops).map(([reason, count]) => `${count} ${reason}`);
  return `, ${shape.pairs} pairs${drops.length > 0 ? `; no pairs: ${drops.join(', ')}` : ''}`;
}

/** The files that are in the lake already, by key. */
async function compareAll(
  store: ObjectStore,
  ready: readonly Ready[],
  overwrite: boolean,
  report: (line: string) => void,
): Promise<Map<string, Digest>> {
  const unchanged = new Map<string, Digest>();
  const problems: BadImport[] = [];
  for (const file of ready) {
    const info = await store.head(file.key);
    if (info === undefined) continue;
    const mine = await digest(file.body());
    if (
      info.size === mine.bytes &&
      (await digest(objectBytes(store, file.key, info))).sha256 === mine.sha256
    ) {
      // An object that was copied past the store has no ETag and cannot be planned: it is written again.
      if (info.etag !== '') unchanged.set(file.key, mine);
    } else if (overwrite) {
      report(`replacing ${file.key}`);
    } else {
      problems.push(
        new BadImport(`${file.path}: ${file.key} is in the lake with other content; --overwrite replaces it`),
      );
    }
  }
  throwAll(problems);
  return unchanged;
}

function throwAll(problems: readonly BadImport[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new BadImport(`${problems.length} files:\n${problems.map(({ message }) => message).join('\n')}`);
}

async function* objectBytes(store: ObjectStore, key: string, info: ObjectInfo): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < info.size; start += COMPARE_BYTES) {
    const range = [start, Math.min(info.size, start + COMPARE_BYTES)] as const;
    yield await store.get(key, info.etag === '' ? { range } : { range, ifMatch: info.etag });
  }
}

async function digest(chunks: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function counting(chunks: AsyncIterable<Uint8Array>): {
  chunks: AsyncIterable<Uint8Array>;
  bytes: () => number;
} {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { chunks: counted(), bytes: () => bytes };
}
