import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { bare, isByName } from '../../worker/config/keys.ts';
import { variableOf } from '../../worker/config/overrides.ts';
import { reference } from '../../worker/config/reference.ts';
import { Config } from '../../worker/config/schema.ts';
import { settingsOf } from '../../worker/config.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const env = { LAKE_KEY_ID: 'a', LAKE_SECRET: 'b', VLLM_KEY: 'c', TEAM_TOKEN: 'd' };
const at = { file: '/etc/worker.yaml', env };

test('docs/configuration.md holds the output of `config print --defaults`', () => {
  const [, block] = /<!-- config print --defaults -->\n```yaml\n(.*?)\n```\n/s.exec(page) ?? [];
  expect(block).toBe(reference());
});
test('it is a configuration as it stands, with the defaults that it states', () => {
  const short = settingsOf(parse(reference()), at);
  // Every optional key that has a default, said: nothing changes.
  const said = reference()
    .split('\n')
    .map((line) => (line.endsWith('# default') ? line.replace('#', '') : line))
    .join('\n');
  expect(said).not.toBe(reference());
  expect(settingsOf(parse(said.replace('#prices', 'prices')), at)).toMatchObject(short);
});
test('with all keys set it is one too, and has every key of the schema with its sentence', () => {
  const all = reference().replace(/^( *)#(?! )/gm, '$1');
  const value: unknown = parse(all);
  settingsOf(value, at);
  const lines = all.split('\n');
  for (const { path, sentence } of keysOf(Config)) {
    expect(valueAt(value, path), path.join('.')).toBeDefined();
    expect(sentence, path.join('.')).toMatch(/^[A-Z].*\.$/);
    expect(lines.some((line) => line.trim() === `# ${sentence}`)).toBe(true);
  }
});
test('every key has a variable of its own', () => {
  const variables = keysOf(Config).map(({ path }) => variableOf(path));
  expect(variables.length).toBeGreaterThan(30);
  expect(new Set(variables).size).toBe(variables.length);
});

/** Every key of a schema, with `default` for any name. */
function keysOf(schema: z.core.$ZodType, path: string[] = []): { path: string[]; sentence: string }[] {
  const inner = bare(schema);
  if (isByName(inner)) return keysOf(inner.valueType, [...path, 'default']);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, each]) => [
    { path: [...path, key], sentence: each.description ?? '' },
    ...keysOf(each, [...path, key]),
  ]);
}

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((each, key) => (each as Record<string, unknown> | undefined)?.[key], value);
