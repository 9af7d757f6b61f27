import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib.ts';

/** Code of the built project and what stands there instead. */
export interface Fault {
  file: string;
  right: string;
  wrong: string;
}

/** A copy of the built project with a fault in its code. The path of its command. */
export function faultyCopy(folder: string, { file, right, wrong }: Fault): string {
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'dist', file);
  const code = readFileSync(path, 'utf8');
  if (!code.includes(right)) throw new Error(`${file} does not read ${right}`);
  writeFileSync(path, code.replace(right, wrong));
  return join(folder, 'dist', 'client', 'cli.js');
}
