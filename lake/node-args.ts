import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Whether this runs from source (under vitest or tsx) rather than compiled. */
export const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** Arguments by which another node process or thread can run our modules: the tsx loader for sources, none when compiled. */
export function nodeArgs(): string[] {
  return FROM_SOURCE ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
}
