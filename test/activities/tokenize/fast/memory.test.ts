import { expect, test } from 'vitest';
import { differences, openPair } from '../../../tokenizer-fuzz.ts';
import { added, byteLevel, PREPEND, sentencePiece } from '../../../tokenizers.ts';

const MB = 2 ** 20;
const none = { different: [], slow: 0 };

/** So many words of which no two are the same. */
const distinct = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

test('texts around a long one, and more texts than fit at once', async () => {
  const pair = await openPair(byteLevel({}));
  const long = 'the water, and 12 lights\n'.repeat(MB / 5);
  expect(await differences(pair, ['a first one', long, '', 'the next', '水'.repeat(1000)])).toEqual(none);
  expect(
    await differences(
      pair,
      Array.from({ length: 30 }, (_, i) => `${i} water `.repeat(20_000)),
    ),
  ).toEqual(none);
});

test('a space before each piece between added tokens makes more tokens than there are bytes', async () => {
  const pair = await openPair(sentencePiece({ normalizer: PREPEND, added_tokens: [added('~')] }));
  expect(await differences(pair, ['水~'.repeat(40_000), '한~'.repeat(700_000)])).toEqual(none);
});

/** The longest token of letters, over and over: many bytes in few tokens. */
const [longest = ''] = Object.keys(byteLevel({}).model?.vocab as object)
  .filter((token) => /^[a-z]+$/.test(token))
  .sort((a, b) => b.length - a.length);
const lengthy = longest.repeat(Math.floor(59 / longest.length));

/** A number in letters: digits would be words of their own. */
const letters = (i: number): string =>
  i.toString(26).replace(/./g, (digit) => String.fromCharCode(0x61 + Number.parseInt(digit, 26)));

// What is kept of words is bounded in three ways; each is passed here, and what comes behind that is right as well.
test.each([
  ['places', 280_000, (i: number): string => `w${letters(i)}`],
  ['bytes of long words', 44_000, (i: number): string => `${lengthy}${letters(i)}`],
  ['ids of words of many tokens', 60_000, (i: number): string => `${10 ** 14 + i * 104_729}`],
])('more words than are kept: %s', async (_, count, make) => {
  const pair = await openPair(byteLevel({}));
  const manyTokens = distinct(2_000, (i) => `${10 ** 14 + i * 104_723}`);
  // In several texts: one long one would get a memory of its own.
  const parts = Array.from({ length: 4 }, (_, part) =>
    distinct(count / 4, (i) => make(part * (count / 4) + i)),
  );
  expect(await differences(pair, [manyTokens, ...parts, manyTokens])).toEqual(none);
});
