import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../dockerfile.ts';

const file = fileURLToPath(new URL('../../deploy/Dockerfile', import.meta.url));

test('instructions are read as a builder reads them', () => {
  const text =
    '# a\nARG BASE=b:1\nFROM $' +
    '{BASE} AS one\nLABEL a="x" \\\n      b="y"\nCOPY --from=one --chown=1:1 /a ./b\n';
  expect(parseDockerfile(text)).toEqual([
    { name: 'ARG', flags: {}, text: 'BASE=b:1' },
    { name: 'FROM', flags: {}, text: 'b:1 AS one' },
    { name: 'LABEL', flags: {}, text: 'a="x" b="y"' },
    { name: 'COPY', flags: { from: 'one', chown: '1:1' }, text: '/a ./b' },
  ]);
});
test('the last stage copies from the one before, runs nothing, and starts node itself', () => {
  const all = parseDockerfile(readFileSync(file, 'utf8'));
  const last = all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
  for (const { name, flags } of last) if (name === 'COPY') expect(flags.from).toBe('build');
  expect(last.map(({ name }) => name)).not.toContain('RUN');
  const of = (name: string): string => last.find((each) => each.name === name)?.text ?? '';
  expect(JSON.parse(of('ENTRYPOINT'))[0]).toBe('node');
  expect(JSON.parse(of('CMD'))[0]).toBe('worker');
  expect(of('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});
