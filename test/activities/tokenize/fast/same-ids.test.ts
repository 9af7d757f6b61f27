import { expect, test } from 'vitest';
import { differences, fuzzTexts, longTexts, openPair } from '../../../tokenizer-fuzz.ts';
import { byteLevel, cut, goodTokenizers, PATTERNS } from '../../../tokenizers.ts';

/** `scripts/fuzz-tokenizer.ts` does the same with as many as one likes. */
const TEXTS = 600;

test.each([...goodTokenizers()])('%s: ids and ends are those of the library', async (_, json) => {
  const pair = await openPair(json);
  expect(pair.ours.refusal).toBeUndefined();
  const texts = fuzzTexts('everyday');
  const some = Array.from({ length: TEXTS }, () => texts.next().value as string);
  const { different, slow } = await differences(pair, some);
  expect(different).toEqual([]);
  // Most are left to the library for what is strange in them, or the comparison is with itself.
  expect(slow).toBeLessThan(TEXTS * 0.7);
  const long = longTexts();
  for (const text of long)
    expect((await differences(pair, [text])).different.map((each) => each.slice(0, 40))).toEqual([]);
});

test('a vocabulary as large as any opens', async () => {
  const { model } = byteLevel({});
  const vocab = { ...(model?.vocab as Record<string, number>) };
  for (let id = Object.keys(vocab).length; id < 300_000; id++) vocab[`never${id}`] = id;
  const pair = await openPair(byteLevel({ pre_tokenizer: cut(PATTERNS.gpt4o) }, { vocab }));
  expect(pair.ours.refusal).toBeUndefined();
  expect(await differences(pair, ['water and the light'])).toEqual({ different: [], slow: 0 });
});
