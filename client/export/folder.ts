import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BadUsage } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import type { RunRef } from '../../workflows/contract.ts';

/** What a folder was made from: it stands there from the start. */
const SAID = 'export.json';

/**
 * Opens a folder for one export, or for the rest of one that was broken off; gives its whole path. Throws BadUsage where it has something
 * else: files of two exports in one folder would be taken for one by whoever reads `*.parquet` in it.
 */
export async function openFolder(
  to: string,
  what: RunRef & { generation: number; format: string },
): Promise<string> {
  const folder = resolve(to);
  const said = canonicalJson(what);
  const there = await mkdir(folder, { recursive: true })
    .then(() => readdir(folder))
    .catch((cause: unknown) => {
      const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new BadUsage(`--to ${to} cannot be a folder to export into: ${why}`, {}, { cause });
    });
  if (!there.includes(SAID)) {
    const [first] = there;
    if (first !== undefined) {
      throw new BadUsage(`--to ${to} has other files (${first}); export into a folder of its own`);
    }
    await writeFile(join(folder, SAID), said);
    return folder;
  }
  const before = await readFile(join(folder, SAID), 'utf8');
  if (before === said) return folder;
  throw new BadUsage(`--to ${to} has another export (${before.trim()}); export into a folder of its own`);
}
