import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });
process.on('exit', () => {
  for (const folder of open) remove(folder);
});

/** Gives work a new empty folder, and removes it afterwards, also when this process exits meanwhile. */
export async function withScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-bench-'));
  open.add(folder);
  try {
    return await work(folder);
  } finally {
    remove(folder);
    open.delete(folder);
  }
}
