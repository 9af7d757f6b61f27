import { describe, expect, test } from 'vitest';
import {
  BANDS,
  bandKey,
  MIN_WORDS,
  ROWS,
  signatureOf,
  VALUES,
} from '../../../activities/dedupe/signature.ts';
import { openStream } from '../../../lake/random.ts';
import { normaliseForDedupe } from '../../../lake/unicode/normalise.ts';

/** A copy: the signature itself lies in room that the next call uses again. */
function signed(text: string): Int32Array {
  const signature = signatureOf(normaliseForDedupe(text));
  if (signature === undefined) throw new Error('too short for a signature');
  return signature.slice();
}
const equal = (a: Int32Array, b: Int32Array): number =>
  a.reduce((sum, value, i) => sum + Number(value === b[i]), 0);
const words = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `w${from + i}`);

describe('words', () => {
  test.each([
    [
      'case, white space and punctuation',
      (text: string) => ` ${text.toUpperCase().replaceAll(' ', ',\n ')}! `,
    ],
    ['signs between words', (text: string) => text.replaceAll(' ', ' \u2014 \u{1f600} ')],
    ['lone surrogates between words', (text: string) => text.replaceAll(' ', ' \ud83d ')],
  ])('%s do not count', (_, change) => {
    const text = words(30).join(' ');
    expect(signed(change(text))).toEqual(signed(text));
  });
  test('their order counts, and every letter', () => {
    const text = words(30);
    expect(equal(signed(text.join(' ')), signed(text.toReversed().join(' ')))).toBe(0);
    expect(equal(signed(text.join(' ')), signed(text.map((each) => `${each}\u{10400}`).join(' ')))).toBe(0);
  });
  test.each([
    ['Latin', words(MIN_WORDS).join(' '), words(MIN_WORDS - 1).join(' ')],
    [
      'a mark belongs to its word',
      'e\u0301\u0323a '.repeat(MIN_WORDS),
      'e\u0301\u0323a '.repeat(MIN_WORDS - 1),
    ],
    ['Chinese', '\u4e2d'.repeat(MIN_WORDS), '\u4e2d'.repeat(MIN_WORDS - 1)],
    ['ideographs beyond the first plane', '\u{20000}'.repeat(MIN_WORDS), '\u{20000}'.repeat(MIN_WORDS - 1)],
    ['Japanese', '\u3042\u30a2'.repeat(MIN_WORDS / 2), '\u3042\u30a2'.repeat(MIN_WORDS / 2 - 1)],
    ['Thai', '\u0e01\u0e34'.repeat(MIN_WORDS / 2), '\u0e01\u0e34'.repeat(MIN_WORDS / 2 - 1)],
    ['letters beyond the first plane', '\u{10428}\u{10429} '.repeat(MIN_WORDS), '\u{10428}'.repeat(99)],
    ['Korean', '\uac00\ub098 '.repeat(MIN_WORDS), '\uac00\ub098'.repeat(99)],
    ['a script without spaces in the middle of a word', 'a\u4e2db '.repeat(7), 'a\u4e2db '.repeat(6)],
  ])('%s: twenty words have a signature, fewer have none', (_, enough, few) => {
    expect(signatureOf(normaliseForDedupe(enough))).toBeDefined();
    expect(signatureOf(normaliseForDedupe(few))).toBeUndefined();
  });
  test.each([
    ['letters', words(100).join(' ')],
    [
      'letters and ideographs beyond the first plane',
      'a\u{10428}\u{20000} \u{10428}\u{10429}b c\u4e2d '.repeat(25),
    ],
    ['one word longer than what is hashed at once', `${'x'.repeat(9000)} ${words(30).join(' ')}`],
  ])('nothing depends on where a text is cut into pieces for hashing: %s', (_, text) => {
    const whole = signatureOf(text)?.slice();
    // Full stops are no words: they only push the text along.
    const shifted = Array.from({ length: 300 }, (_, i) => signatureOf('.'.repeat(8192 - i) + text)?.slice());
    expect(shifted.filter((each) => each?.join() !== whole?.join())).toEqual([]);
  });
  test('a text of many code units leaves nothing in the next one', () => {
    const before = signed(words(25).join(' '));
    signed(words(200_000).join(' '));
    expect(signed(words(25).join(' '))).toEqual(before);
  });
});

/** Two texts whose shingles have a Jaccard similarity of `similarity`, about: that and `count` shingles in the first. */
function planted(
  below: (n: number) => number,
  count: number,
  similarity: number,
): { texts: [string, string]; similarity: number } {
  // A changed tail: the first part is common, and what follows is new in each.
  const common = Math.round((2 * count * similarity) / (1 + similarity));
  const id = below(2 ** 32);
  const word = (kind: string, i: number): string => `${kind}${id.toString(36)}x${i}`;
  const head = Array.from({ length: common + 4 }, (_, i) => word('c', i));
  const rest = count - common;
  const texts = ['a', 'b'].map((kind) =>
    [...head, ...Array.from({ length: rest }, (_, i) => word(kind, i))].join(' '),
  ) as [string, string];
  return { texts, similarity: common / (common + 2 * rest) };
}

describe('the signature is a sample of the shingles', () => {
  const PAIRS = 400;
  test.each([
    [0.5, 16],
    [0.5, 60],
    [0.75, 16],
    [0.75, 60],
    [0.75, 2000],
    [0.9, 60],
    [0.9, 400],
  ])('at similarity %d and %d shingles: its estimate, and how many share a band', (asked, count) => {
    const { below } = openStream('test', `planted/${asked}`, String(count));
    let estimates = 0;
    let squares = 0;
    let met = 0;
    let true_ = 0;
    for (let i = 0; i < PAIRS; i++) {
      const { texts, similarity } = planted(below, count, asked);
      true_ = similarity;
      const [a, b] = texts.map(signed) as [Int32Array, Int32Array];
      const estimate = equal(a, b) / VALUES;
      estimates += estimate;
      squares += (estimate - similarity) ** 2;
      const bands = Array.from({ length: BANDS }, (_, band) => bandKey(a, band) === bandKey(b, band));
      if (bands.includes(true)) met++;
    }
    const theory = 1 - (1 - true_ ** ROWS) ** BANDS;
    expect(Math.abs(estimates / PAIRS - true_)).toBeLessThan(0.025);
    // Few shingles are few draws, however many values repeat them.
    const draws = Math.min(VALUES, 2 * count);
    expect(Math.sqrt(squares / PAIRS)).toBeLessThan(2 * Math.sqrt((true_ * (1 - true_)) / draws));
    expect(Math.abs(met / PAIRS - theory)).toBeLessThan(count < 60 ? 0.25 : 0.12);
  });
  test.each([
    ['one shingle', 'a '.repeat(30)],
    ['two, again and again, in more words than are held', 'a b '.repeat(50_000)],
  ])('%s gives each bin a value of its own', (_, text) => {
    expect(new Set(signed(text)).size).toBe(VALUES);
  });
  test('of equal sets it is equal, however often a shingle comes', () => {
    expect(signed('a b c d e f g '.repeat(40))).toEqual(signed('a b c d e f g '.repeat(4000)));
  });
  test('strangers have nothing in common', () => {
    expect(equal(signed(words(300).join(' ')), signed(words(300, 1000).join(' ')))).toBe(0);
  });
});
