import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultPools, loadPools, poolsDigest } from '../../../activities/template/pools.ts';
import { poolStatistics } from '../../../activities/template/stats.ts';
import { BadPools } from '../../../lake/errors.ts';

const FOLDER = new URL('../../../activities/template/pools/', import.meta.url);
const NAMES = readdirSync(FOLDER);

interface LooseFile {
  language: string;
  pools: Record<string, LoosePool>;
}
interface LoosePool {
  slots?: Record<string, { casing?: object; choices: Record<string, string | number>[] }>;
  entries: { weight: number; text: string }[];
}

function files(): Record<string, LooseFile> {
  return Object.fromEntries(
    NAMES.map((name) => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))]),
  );
}
function poolOf(all: Record<string, LooseFile>, name: string): LoosePool {
  for (const { pools } of Object.values(all)) {
    const pool = pools?.[name];
    if (pool !== undefined) return pool;
  }
  throw new Error(`no pool ${name}`);
}
/** Loads the pools after an edit to one of them. */
function edited(pool: string, edit: (pool: LoosePool) => void) {
  const all = files();
  edit(poolOf(all, pool));
  return loadPools(all);
}
function refusal(load: () => unknown): unknown {
  try {
    return load();
  } catch (error) {
    return error;
  }
}
const adding = (pool: string, text: string) => () =>
  edited(pool, ({ entries }) => entries.push({ weight: 1, text }));

test('the pools that come with the program pass their own checks', () => {
  expect(loadPools(files()).digest).toBe(defaultPools().digest);
});

describe('a broken pool is refused with the reason', () => {
  test.each([
    [
      'an unknown placeholder',
      adding('plain', '{question} {topic} {answer}'),
      /unknown placeholder \{topic\}/,
    ],
    ['a lost placeholder', adding('cot', '{question}\n{answer} !'), /loses \{rationale\}/],
    ['a placeholder twice', adding('plain', '{question} {answer} {answer}'), /has \{answer\} 2 times/],
    ['half a slot', adding('plain', '{q}: {question}\n{answer} -'), /leaves out \{a\} of a slot/],
    ['two alike', adding('plain', '{question}\n{answer}'), /entry 23.*gives .* as entry 1 does/],
    ['two alike by way of slots', adding('plain', 'Q: {question}\nA: {answer}'), /as entry 4 does/],
    ['text that touches data', adding('plain', '"{question}" {answer}'), /white space or its border/],
    ['data that touches data', adding('plain', '{question}{answer}'), /white space or its border/],
    ['a stray brace', adding('plain', '{question} } {answer}'), /a brace that belongs to no placeholder/],
    ['a protocol marker', adding('plain', '<QUE> {question}\n{answer}'), /"<" or a control character/],
    ['a tab', adding('plain', '{question}\t{answer}'), /"<" or a control character/],
    [
      'a border of white space',
      adding('compre-start', 'Now answer.\n'),
      /must not begin or end with white space/,
    ],
    ['data in a line without', adding('compre-start', 'About {context}'), /unknown placeholder \{context\}/],
    ['an empty pattern', adding('read-start', ''), /loses \{context\}/],
    ['a break without line breaks', adding('between-pairs', ' / '), /must begin and end with a line break/],
    ['a list break of words', adding('between-options', ' or\n'), /must be line breaks/],
    ['a marker of two words', adding('option-marker', 'option {number}'), /must be one word/],
    ['a marker that counts twice', adding('option-marker', '{number}{lower}'), /counts twice/],
    [
      'a long sentence',
      adding(
        'compre-start',
        'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.',
      ),
      /sentence of 16 words \(at most 15\)/,
    ],
  ])('%s', (_, load, message) => {
    const error = refusal(load);
    expect(error).toBeInstanceOf(BadPools);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('slots', () => {
    const slots = (slot: NonNullable<LoosePool['slots']>[string]) => () =>
      edited('plain', (pool) => {
        pool.slots = { ...pool.slots, extra: slot };
      });
    expect(slots({ choices: [{ weight: 1, odd: 'x' }] })).toThrow(/slot "extra" is used by no entry/);
    expect(slots({ choices: [{ weight: 1, answer: 'x' }] })).toThrow(/\{answer\}, which stands for data/);
    expect(slots({ choices: [{ weight: 1, q: 'x' }] })).toThrow(/slots "labels" and "extra" both bind \{q\}/);
    expect(slots({ choices: [{ weight: 1, odd: '{answer}' }] })).toThrow(/has a brace/);
    expect(
      slots({
        choices: [
          { weight: 1, one: 'x' },
          { weight: 1, two: 'x' },
        ],
      }),
    ).toThrow(/binds other names/);
    expect(slots({ choices: [{ weight: 1 }] })).toThrow(/binds no name/);
    expect(slots({ choices: [] })).toThrow(/pairs\.json: pools\.plain\.slots\.extra\.choices/);
    expect(slots({ casing: { title: 1 }, choices: [{ weight: 1, odd: 'x' }] })).toThrow(/casing/);
  });

  test('weights, files and names', () => {
    const first = (weight: number) => () =>
      edited('plain', ({ entries }) => {
        entries[0] = { weight, text: '{question}\n{answer}' };
      });
    expect(first(0)).toThrow(/pools\.plain\.entries\.0\.weight/);
    expect(first(-1)).toThrow(/pools\.plain\.entries\.0\.weight/);
    const { 'dialog.json': dialog, ...rest } = files();
    expect(() => loadPools(rest)).toThrow(/pool "dialog-header" is missing/);
    expect(() => loadPools({ ...files(), 'more.json': dialog })).toThrow(
      /pool "dialog-header" is there twice/,
    );
    expect(() => loadPools({ ...files(), 'more.json': { language: 'ko', pools: {} } })).toThrow(/en, ko/);
    const other = { language: 'en', pools: { rhymes: { entries: [{ weight: 1, text: 'x' }] } } };
    expect(() => loadPools({ ...files(), 'more.json': other })).toThrow(/there is no pool "rhymes"/);
    const still = { fewestPairsBelow2: { classic: 0, dialog: 0 }, otherwise: { classic: 1, dialog: 1 } };
    expect(() => loadPools({ ...files(), 'modes.json': still })).toThrow(/fewestPairsBelow2/);
    const { 'modes.json': modes, ...without } = files();
    expect(modes).toBeDefined();
    expect(() => loadPools(without)).toThrow(/modes\.json is missing/);
  });

  test('all problems at once', () => {
    const all = files();
    poolOf(all, 'plain').entries.push({ weight: 1, text: '{question}' });
    poolOf(all, 'read-start').entries.push({ weight: 1, text: 'Read.' });
    expect(() => loadPools(all)).toThrow(/loses \{answer\}[\s\S]*loses \{context\}/);
  });
});

test('the digest knows every word and weight, and no order of keys', () => {
  const digest = poolsDigest();
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const reversed = Object.fromEntries(Object.entries(files()).reverse());
  expect(poolsDigest(loadPools(reversed))).toBe(digest);
  const word = edited('compre-start', ({ entries }) => entries.push({ weight: 1, text: 'Go on.' }));
  const weight = edited('plain', ({ entries }) => {
    entries[0] = { weight: 16, text: '{question}\n{answer}' };
  });
  expect(new Set([digest, poolsDigest(word), poolsDigest(weight)]).size).toBe(3);
});

test('a grammar gives each layout times labels, delimiters and casing, by weight', () => {
  const { pools } = edited('plain', (pool) => {
    pool.slots = {
      labels: {
        casing: { written: 3, lower: 1 },
        choices: [
          { weight: 1, q: 'Q', a: 'A' },
          { weight: 1, q: 'ask', a: 'reply' },
        ],
      },
      mark: { choices: [{ weight: 1, mark: ':' }] },
    };
    pool.entries = [
      { weight: 1, text: '{question}\n{answer}' },
      { weight: 8, text: '{q}{mark} {question}\n{a}{mark} {answer}' },
    ];
  });
  expect(pools.plain.wordings.map(({ text, weight }) => [text, weight])).toEqual([
    ['{question}\n{answer}', 1],
    ['Q: {question}\nA: {answer}', 3],
    ['q: {question}\na: {answer}', 1],
    ['ask: {question}\nreply: {answer}', 4],
  ]);
});

test.each([
  ['plain', 12],
  ['option', 6],
  ['cot', 6],
  ['option-cot', 4],
  ['read-start', 10],
  ['read-end', 10],
  ['compre-start', 10],
  ['dialog-header', 10],
  ['option-start', 6],
] as const)('%s: at least %i skeletons, half the mass on plain forms', (name, skeletons) => {
  const statistics = poolStatistics(defaultPools().pools[name]);
  expect(statistics.skeletons).toBeGreaterThanOrEqual(skeletons);
  expect(statistics.plain).toBeGreaterThanOrEqual(0.5);
});

test('speakers and option markers vary', () => {
  const { pools } = defaultPools();
  const speakers = pools['dialog-exchange'].wordings.flatMap(
    ({ text }) => /^(.+): \{ask\}/.exec(text)?.[1] ?? [],
  );
  expect(new Set(speakers).size).toBeGreaterThanOrEqual(6);
  const markers = pools['option-marker'].wordings.map(({ text }) => text);
  expect(markers).toEqual(expect.arrayContaining(['({lower})', '{upper}.', '{number})', '-']));
});

test('statistics of a pool', () => {
  const { pools } = edited('compre-start', (pool) => {
    delete pool.slots;
    pool.entries = ['', 'a b', 'a\nb', 'Q:'].map((text) => ({ weight: 1, text }));
  });
  const statistics = poolStatistics(pools['compre-start']);
  expect(statistics).toMatchObject({ wordings: 4, skeletons: 3, plain: 0.5 });
  expect(statistics.effective).toBeCloseTo(2 ** 1.5, 9);
});
