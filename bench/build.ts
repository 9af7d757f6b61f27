import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const SOURCES = ['workflows', 'activities', 'lake', 'worker', 'client'];
const LAST_BUILT = 'workflows.bundle.js';

/** The built package in a folder, or in the checkout that holds it: the absolute path of its dist. Throws when it is not all there. */
export function distOf(folder: string): string {
  const dist = [folder, join(folder, 'dist')]
    .map((path) => resolve(path))
    .find((path) => existsSync(join(path, LAST_BUILT)));
  if (dist === undefined) throw new Error(`no built package in ${folder}: run \`npm run build\` there`);
  return dist;
}

/** A source file of the checkout that is newer than the build, so that the build is not of this source. */
export function newerSource(checkout: string, dist: string): string | undefined {
  const built = statSync(join(dist, LAST_BUILT)).mtimeMs;
  for (const folder of SOURCES) {
    for (const name of readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' })) {
      const file = join(folder, name);
      if (/\.(ts|mjs|json)$/.test(name) && statSync(join(checkout, file)).mtimeMs > built) return file;
    }
  }
  return undefined;
}
