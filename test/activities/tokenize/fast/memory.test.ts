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
  expect(await differences(pair, ['水~'.repeat(40_000), '水~'.repeat(300_000)])).toEqual(none);
});

// What is kept of words is bounded in three ways; each is passed here, and what comes behind that is right as well.
test.each([
  ['places', 150_000, (i: number): string => `w${i.toString(36)}`],
  ['bytes of long words', 60_000, (i: number): string => `${'waterandthelight'.repeat(3)}${i.toString(36)}`],
  ['ids of words of many tokens', 60_000, (i: number): string => `${10 ** 14 + i * 104_729}`],
])('more words than are kept: %s', async (_, count, make) => {
  const pair = await openPair(byteLevel({}));
  const text = distinct(count, make);
  expect(await differences(pair, [text, 'the water and the light w1 w2', text.slice(0, 1000)])).toEqual(none);
});
