import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { BadUsage } from '../lake/errors.ts';

/** What a spec file holds, JSON or YAML (JSON is YAML too). Throws BadUsage. */
export async function readSpecFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }[code] ?? code;
    throw new BadUsage(`the spec ${file} cannot be read: ${why}`, {}, { cause });
  });
  try {
    return parse(text) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadUsage(`the spec ${file} is neither JSON nor YAML: ${why}`, {}, { cause });
  }
}
