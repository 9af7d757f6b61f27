import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  foldSpace,
  lowerCase,
  nfkc,
  normaliseForDedupe,
  UNICODE_VERSION,
} from '../../../lake/unicode/normalise.ts';
import { combiningClasses, composites, decompositions, whiteSpace } from '../../../lake/unicode/tables.ts';

const CODE_POINTS = Array.from({ length: 0x110000 }, (_, code) => code);
const sameVersion = process.versions.unicode === UNICODE_VERSION.replace(/\.0$/, '');
const unassigned = /^\p{Cn}$/u;

/**
 * Code points where ours and the runtime's answers differ without a reason. At equal versions there is no reason; an
 * older runtime leaves alone what it has not assigned; a newer one may change only what ours leaves alone. Whole rows
 * are compared first, the spaces keep their code points apart.
 */
function unexplained(ours: (text: string) => string, theirs: (text: string) => string): string[] {
  return Array.from({ length: 0x1100 }, (_, row) => CODE_POINTS.slice(row * 256, row * 256 + 256))
    .filter((row) => {
      const text = row.map((code) => String.fromCodePoint(code)).join(' ');
      return ours(text) !== theirs(text);
    })
    .flat()
    .filter((code) => {
      const text = String.fromCodePoint(code);
      if (ours(text) === theirs(text)) return false;
      return sameVersion || (!unassigned.test(text) && ours(text) !== text);
    })
    .map((code) => code.toString(16));
}

/** Strings of what normalisation is about: marks, jamo, composites, wide forms, case, spaces, emoji, lone surrogates. */
const alphabet = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
  { weight: 3, arbitrary: fc.integer({ min: 0xa0, max: 0x24f }) },
  { weight: 4, arbitrary: fc.integer({ min: 0x300, max: 0x36f }) },
  { weight: 2, arbitrary: fc.integer({ min: 0x1100, max: 0x11ff }) },
  { weight: 2, arbitrary: fc.integer({ min: 0xac00, max: 0xd7a3 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x900, max: 0xdff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x1e00, max: 0x1fff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x2000, max: 0x2fff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0xf900, max: 0xffef }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x10400, max: 0x11fff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x1d100, max: 0x1d7ff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0xd800, max: 0xdfff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x10ffff }) },
);
const words = fc
  .array(alphabet, { maxLength: 24 })
  .map((codes) => codes.map((code) => String.fromCodePoint(code)).join(''))
  .filter((text) => !/\p{Cn}/u.test(text));

describe('nfkc', () => {
  test.each([
    ['', ''],
    ['plain text', 'plain text'],
    ['cafe\u0301', 'caf\u00e9'],
    ['caf\u00e9', 'caf\u00e9'],
    ['\ufb01ve \u00b5g', 'five \u03bcg'],
    ['e\u0301\u0323', '\u1eb9\u0301'],
    ['\u1100\u1161\u11a8', '\uac01'],
    ['\uac00\u11a8', '\uac01'],
    ['\u1e9b\u0323', '\u1e69'],
    ['\u0958', '\u0915\u093c'],
    ['\ud834\udd5e', '\ud834\udd57\ud834\udd65'],
    ['x\ud800y\udc00\u0301', 'x\ud800y\udc00\u0301'],
    ['\u0301a', '\u0301a'],
    ['\ud83d\ude00\u0301!', '\ud83d\ude00\u0301!'],
  ])('%j', (text, expected) => expect(nfkc(text)).toBe(expected));

  test('every code point as the runtime has it', () => {
    expect(unexplained(nfkc, (text) => text.normalize('NFKC'))).toEqual([]);
  });
  test('everything that decomposes, composes or reorders, between a letter and marks', () => {
    const codes = [decompositions, composites, combiningClasses].flatMap((table) => [...table.keys()]);
    const wrong = codes.filter((code) => {
      const text = `a${String.fromCodePoint(code)}\u0323\u0301`;
      return nfkc(text) !== text.normalize('NFKC') && !unassigned.test(String.fromCodePoint(code));
    });
    expect(wrong).toEqual([]);
  });
  test('every Hangul syllable, from its parts and with an end added', () => {
    const syllables = Array.from({ length: 11_172 }, (_, s) => String.fromCodePoint(0xac00 + s));
    expect(syllables.filter((syllable) => nfkc(syllable.normalize('NFD')) !== syllable)).toEqual([]);
    const ended = (syllable: string) => `${syllable}\u11a8`;
    const wrong = syllables.filter((syllable) => nfkc(ended(syllable)) !== ended(syllable).normalize('NFKC'));
    expect(wrong).toEqual([]);
  });
  test('random text as the runtime has it, and twice is once', () => {
    fc.assert(
      fc.property(words, (text) => {
        const once = nfkc(text);
        expect(once).toBe(text.normalize('NFKC'));
        expect(nfkc(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });
  test('a hundred thousand marks on one letter', () => {
    const marks = '\u0301\u0323'.repeat(50_000);
    expect(nfkc(`a${marks}`)).toBe(`\u1ea1${'\u0323'.repeat(49_999)}${'\u0301'.repeat(50_000)}`);
  });
});

describe('lowerCase', () => {
  test.each([
    ['ABC \u00c4\u00d6', 'abc \u00e4\u00f6'],
    ['\u0130', 'i\u0307'],
    ['\u039f\u03a3', '\u03bf\u03c3'],
    ['\u212a', 'k'],
    ['\ud801\udc00x', '\ud801\udc28x'],
    ['A\ud801B', 'a\ud801b'],
  ])('%j', (text, expected) => expect(lowerCase(text)).toBe(expected));

  test('every code point as the runtime has it', () => {
    expect(unexplained(lowerCase, (text) => text.toLowerCase())).toEqual([]);
  });
  test('random text as the runtime has it, but for a final sigma', () => {
    fc.assert(
      fc.property(words, (text) => {
        const plain = text.replaceAll('\u03a3', '');
        expect(lowerCase(plain)).toBe(plain.toLowerCase());
      }),
      { numRuns: 2000 },
    );
  });
});

describe('foldSpace', () => {
  test.each([
    ['', ''],
    [' \t\n', ''],
    ['\u2003a \u00a0\u3000 b\r\n', 'a b'],
    ['a\u200bb\ufeff', 'a\u200bb\ufeff'],
    ['\u0130 \u4e00', '\u0130 \u4e00'],
  ])('%j', (text, expected) => expect(foldSpace(text)).toBe(expected));

  test('words apart by any white space, at random', () => {
    const space = fc
      .array(fc.constantFrom(...whiteSpace.keys()), { minLength: 1, maxLength: 4 })
      .map((codes) => String.fromCodePoint(...codes));
    const word = fc.string({ unit: fc.constantFrom('a', 'É', '\u0130', '😀', '\ud800'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(space, word)), space, (pairs, end) => {
        const text = pairs.flat().join('') + end;
        expect(foldSpace(text)).toBe(pairs.map(([, own]) => own).join(' '));
      }),
    );
  });
  test('the white space is that of the property', () => {
    const runtime = CODE_POINTS.filter((code) => /^\p{White_Space}$/u.test(String.fromCodePoint(code)));
    expect([...whiteSpace.keys()]).toEqual(runtime);
  });
});

test('a text longer than the room that is kept, then a short one', () => {
  const long = `${'A\u00c9 '.repeat(200_000)}\u0130`;
  expect(normaliseForDedupe(long)).toBe(`${'a\u00e9 '.repeat(200_000)}i\u0307`);
  expect(normaliseForDedupe(' A  B ')).toBe('a b');
});

describe('normaliseForDedupe', () => {
  test('is the three in their order', () => {
    fc.assert(
      fc.property(words, (text) => {
        expect(normaliseForDedupe(text)).toBe(foldSpace(lowerCase(nfkc(text))));
      }),
      { numRuns: 2000 },
    );
  });
  test('also of ASCII alone, which goes a way of its own: any two bytes, at any place', () => {
    const all = Array.from({ length: 128 * 128 }, (_, i) => String.fromCharCode(i >> 7, i & 127));
    const texts = ['', ' ', 'a', 'ab ', 'Abc'].flatMap((head) => all.map((pair) => `${head}${pair}deF g`));
    expect(texts.filter((text) => normaliseForDedupe(text) !== foldSpace(lowerCase(nfkc(text))))).toEqual([]);
  });
  test('at random, with much white space', () => {
    const ascii = fc.oneof(
      fc.constant(' '),
      fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.string({ unit: ascii, maxLength: 40 }), (text) => {
        expect(normaliseForDedupe(text)).toBe(foldSpace(lowerCase(nfkc(text))));
      }),
      { numRuns: 2000 },
    );
  });
  test('one text in several spellings', () => {
    const spellings = [
      '  Caf\u00e9 \ufb01ve\u00a0MG ',
      'cafe\u0301\n five mg',
      'CAFE\u0301 FIVE\u2003\uff2d\uff27',
    ];
    expect(new Set(spellings.map(normaliseForDedupe))).toEqual(new Set(['caf\u00e9 five mg']));
  });
});
