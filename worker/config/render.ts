import { stringify } from 'yaml';
import type { Value } from './values.ts';

const REMARK_COLUMN = 44;

/** A value or a key on one line of YAML. */
export const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trimEnd();

/** A line of YAML and a remark that is to stand behind it. */
export const remarked = (line: string, remark: string): string => `${line}\t${remark}`;

/** Lines with their remarks below each other. */
export const aligned = (lines: readonly string[]): string =>
  lines
    .map((line) => {
      const at = line.lastIndexOf('\t');
      return at === -1 ? line : `${line.slice(0, at).padEnd(REMARK_COLUMN)}  # ${line.slice(at + 1)}`;
    })
    .join('\n');

/** A configuration as YAML, with a remark on each value: who said so, and whether the secrets that it names are there. */
export function render(values: readonly Value[]): string {
  const lines: string[] = [];
  let above: readonly string[] = [];
  for (const each of values) {
    const { path, value } = each;
    const shared = path.slice(0, -1).findIndex((key, i) => above[i] !== key);
    const from = shared === -1 ? path.length - 1 : shared;
    for (let depth = from; depth < path.length - 1; depth++) {
      lines.push(`${'  '.repeat(depth)}${inline(path[depth])}:`);
    }
    const line = `${'  '.repeat(path.length - 1)}${inline(path.at(-1))}: ${inline(value)}`;
    lines.push(remarked(line, remarkOn(each)));
    above = path;
  }
  return aligned(lines);
}

function remarkOn({ from, variable, secrets = {} }: Value): string {
  const set = Object.entries(secrets).map(([name, is]) => `${name} is ${is ? 'set' : 'not set'}`);
  return [variable ?? from, ...set].join('; ');
}
