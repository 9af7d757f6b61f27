import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BadImport } from '../../lake/errors.ts';

export type Format = 'parquet' | 'jsonl' | 'jsonl.gz';

export interface FoundFile {
  path: string;
  format: Format;
  /** Folders between the folder that was named and the file. */
  folders: string[];
  /** File name without its ending. */
  stem: string;
}

const ENDINGS: readonly (readonly [RegExp, Format])[] = [
  [/\.parquet$/i, 'parquet'],
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
  [/\.(jsonl|ndjson)\.gz$/i, 'jsonl.gz'],
];

/**
 * The files to import among `paths` (files, or folders with all their folders), each folder in the order of its names.
 * Other files in folders are handed to `skipped`; hidden ones are passed over. Throws BadImport.
 */
export async function findFiles(
  paths: readonly string[],
  skipped: (path: string) => void,
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const path of paths) {
    const info = await stat(path).catch((cause: unknown) => {
      throw new BadImport(`${path}: there is no such file or folder, or it cannot be read`, {}, { cause });
    });
    if (info.isDirectory()) {
      const inside = await walk(path, [], skipped);
      if (inside.length === 0)
        throw new BadImport(`${path}: no .parquet, .jsonl, .jsonl.gz or .ndjson file in it`);
      found.push(...inside);
    } else {
      const file = recognise(path, []);
      if (file === undefined) {
        throw new BadImport(`${path}: only .parquet, .jsonl, .jsonl.gz and .ndjson files can be imported`);
      }
      found.push(file);
    }
  }
  return found;
}

async function walk(
  folder: string,
  folders: readonly string[],
  skipped: (path: string) => void,
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    // Links to folders are not followed: they can lead in circles.
    if ((await lstat(path)).isDirectory()) {
      found.push(...(await walk(path, [...folders, name], skipped)));
      continue;
    }
    const file = recognise(path, folders);
    if (file === undefined) skipped(path);
    else found.push(file);
  }
  return found;
}

function recognise(path: string, folders: readonly string[]): FoundFile | undefined {
  const name = basename(path);
  for (const [ending, format] of ENDINGS) {
    if (ending.test(name)) return { path, format, folders: [...folders], stem: name.replace(ending, '') };
  }
  return undefined;
}
