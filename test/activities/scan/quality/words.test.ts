import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitLines } from '../../../../activities/scan/quality/lines.ts';
import { charactersOf, splitWords, withoutSigns } from '../../../../activities/scan/quality/words.ts';

function wordsOf(text: string): string[] {
  const { count, starts, ends } = splitWords(text);
  return Array.from({ length: count }, (_, i) => text.slice(starts[i], ends[i]));
}
const ANY = fc.string({
  unit: fc.constantFrom(
    'a',
    'Z',
    '7',
    '.',
    '#',
    '…',
    ' ',
    '\n',
    '\u3000',
    '水',
    'は',
    'ก',
    '、',
    '𠀀',
    '😀',
    '\ud800',
    'é',
  ),
  maxLength: 200,
});

describe('words', () => {
  test.each([
    ['', []],
    [' \n\t\u3000', []],
    ['Well, "it\'s" 6.5 — so.', ['Well,', '"it\'s"', '6.5', '—', 'so.']],
    ['a\u00a0b\u2003c\u200bd', ['a', 'b', 'c\u200bd']],
    ['水は「H2O」だ。', ['水', 'は「', 'H2O」', 'だ。']],
    ['「水', ['「水']],
    ['3月 ๑๒', ['3', '月', '๑๒']],
    ['한국어 문장', ['한국어', '문장']],
    ['𠀀𠀁x', ['𠀀', '𠀁', 'x']],
    ['a\ud800 \udc00', ['a\ud800', '\udc00']],
  ])('of %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
  test('hold every character that is not white space, in order, and none twice', () => {
    fc.assert(
      fc.property(ANY, (text) => {
        const words = splitWords(text);
        expect(wordsOf(text).join('')).toBe(text.replace(/[ \n\u3000]/g, ''));
        const sizes = [...words.characters.subarray(0, words.count)];
        expect(sizes).toEqual(wordsOf(text).map((word) => [...word].length));
        expect(words.allCharacters).toBe(charactersOf(text));
      }),
    );
  });
  test('are counted by kinds: with a letter, between spaces; signs of two kinds too', () => {
    expect(splitWords('ab 12 -- 3d')).toMatchObject({
      count: 4,
      alphabetic: 2,
      spaced: 4,
      spacedCharacters: 8,
    });
    expect(splitWords('水 a')).toMatchObject({ count: 2, alphabetic: 2, spaced: 1, spacedCharacters: 1 });
    expect(splitWords('½ Ⅳ ٣ 7')).toMatchObject({ count: 4, alphabetic: 0 });
    expect(splitWords('#a ## .. ... ...... … .…')).toMatchObject({ hashes: 3, ellipses: 4 });
  });
  test('lose the signs at their ends', () => {
    const stripped = (word: string): string => withoutSigns(word, 0, word.length);
    expect(['"The,"', 'the', '--', "it's.", '😀a'].map(stripped)).toEqual(['The', 'the', '', "it's", '😀a']);
  });
});

describe('lines', () => {
  test('are trimmed and not blank; paragraphs stand between blank ones', () => {
    expect(splitLines(' a \r\nb\r\r\n\n \u3000\nc\n')).toEqual({
      lines: ['a', 'b', 'c'],
      paragraphs: ['a\nb', 'c'],
    });
    expect(splitLines(' \n\n')).toEqual({ lines: [], paragraphs: [] });
  });
  test('of paragraphs are all lines', () => {
    fc.assert(
      fc.property(ANY, (text) => {
        const { lines, paragraphs } = splitLines(text);
        expect(paragraphs.flatMap((each) => each.split('\n'))).toEqual(lines);
      }),
    );
  });
});
