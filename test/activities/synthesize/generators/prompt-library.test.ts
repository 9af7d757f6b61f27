import { readdirSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { loadLibrary, ownLibrary } from '../../../../activities/synthesize/generators/prompt-library.ts';
import { BadPrompts } from '../../../../lake/errors.ts';
import { PROMPTS } from '../../../../workflows/contract.ts';

const FOLDER = new URL('../../../../activities/synthesize/generators/prompts/', import.meta.url);
const prompt = (head: string, task = 'Ask about the text.') => `---\n${head}\n---\n${task}\n`;
const FILES = {
  frame: '{open} {close} {task} {shape} {pairs}',
  again: 'Again.',
  ...Object.fromEntries(PROMPTS.map((name) => [name, prompt('pairs: 5\ntokens: 50', name)])),
};

test('the contract names every file of the library and nothing else', () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(/\.md$/, ''));
  expect(files.sort()).toEqual([...PROMPTS, 'frame', 'again'].sort());
});
describe('the own library', () => {
  it.each(PROMPTS)('%s: every placeholder is filled, and the form of a pair is shown', (name) => {
    const [found] = ownLibrary().prompts([name]);
    const system = ownLibrary().system(found!, 4000);
    expect(system).not.toMatch(/\{(open|close|task|shape|pairs)\}/);
    expect(system).toContain(found?.task);
    expect(system).toContain('{"pairs": [{"question": "…"');
    expect(system).toContain(`${found?.pairs} at most`);
    for (const field of ['options', 'rationale'] as const) {
      expect(system.includes(`"${field}": `)).toBe(found?.fields[field] !== 'never');
    }
  });
  it('asks for no more pairs than have room in an answer, for one at least', () => {
    const [faq] = ownLibrary().prompts(['faq']);
    expect(ownLibrary().system(faq!, 400)).toContain('4 at most');
    expect(ownLibrary().system(faq!, 20)).toContain('1 at most');
  });
});
test('names come in the order of the library, whatever the order of the spec', () => {
  const library = loadLibrary(FILES);
  expect(library.prompts(['table', 'faq']).map(({ name }) => name)).toEqual(['faq', 'table']);
  expect(library.digest(['table', 'faq'])).toBe(library.digest(['faq', 'table']));
});
test('the digest changes with the prompts that are used and what is around them, and with no other', () => {
  const digest = (changes: object) => loadLibrary({ ...FILES, ...changes }).digest(['faq']);
  const plain = digest({});
  expect(digest({ faq: prompt('pairs: 5\ntokens: 50', 'faq!') })).not.toBe(plain);
  expect(digest({ faq: prompt('pairs: 6\ntokens: 50', 'faq') })).not.toBe(plain);
  expect(digest({ frame: `${FILES.frame}!` })).not.toBe(plain);
  expect(digest({ again: 'Once more.' })).not.toBe(plain);
  expect(digest({ table: prompt('pairs: 5\ntokens: 50', 'table!') })).toBe(plain);
});
test('every problem of a library is told at once', () => {
  const { faq: _, ...rest } = FILES as Record<string, string>;
  const broken = {
    ...rest,
    frame: '{open} {close} {task} {shape}',
    again: ' ',
    table: prompt('pairs: 0\ntokens: 50\noptions: perhaps\ncolour: red'),
    maths: prompt('pairs: 5\ntokens: 50', ' '),
  };
  expect(() => loadLibrary(broken)).toThrow(BadPrompts);
  for (const part of [
    'frame.md: {pairs} is missing',
    'again.md: is empty',
    'faq.md: is missing',
    'table.md: pairs',
    'table.md: options',
    'colour',
    'maths.md: says nothing',
  ]) {
    expect(() => loadLibrary(broken)).toThrow(part);
  }
});
