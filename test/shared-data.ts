import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = process.env.INSTRUCT_LAKE_DATA ?? fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** A file or folder of the real data beside the checkout (or in INSTRUCT_LAKE_DATA); undefined, with a word on it, where it is not there. */
export function sharedData(path: string): string | undefined {
  const full = join(ROOT, path);
  if (existsSync(full)) return full;
  console.log(`no ${path} in ${ROOT}: the tests on it are skipped (set INSTRUCT_LAKE_DATA to run them)`);
  return undefined;
}
