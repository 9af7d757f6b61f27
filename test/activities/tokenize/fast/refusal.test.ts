import { expect, test } from 'vitest';
import type { Part, TokenizerJson } from '../../../../activities/tokenize/fast/file.ts';
import { readModel } from '../../../../activities/tokenize/fast/model.ts';
import type { RefusalReason } from '../../../../activities/tokenize/fast/refusal.ts';
import { BadTokenizer } from '../../../../lake/errors.ts';
import { differences, fuzzTexts, openPair } from '../../../tokenizer-fuzz.ts';
import {
  added,
  byteLevel,
  bytes,
  cut,
  PATTERNS,
  PREPEND,
  sentencePiece,
  trained,
} from '../../../tokenizers.ts';

const mergesOf = ({ model }: TokenizerJson): string[][] => (model?.merges ?? []) as string[][];
const withoutToken = (file: TokenizerJson, token: string): TokenizerJson => {
  const vocab = { ...(file.model?.vocab as Record<string, number>) };
  delete vocab[token];
  const merges = mergesOf(file).filter((merge) => !merge.join('').includes(token));
  return { ...file, model: { ...file.model, vocab, merges } };
};
const merged = (file: TokenizerJson, left: string, right: string): TokenizerJson => {
  const vocab = file.model?.vocab as Record<string, number>;
  const model = {
    ...file.model,
    vocab: { ...vocab, [left + right]: Math.max(...Object.values(vocab)) + 1 },
    merges: [...mergesOf(file), [left, right]],
  };
  return { ...file, model };
};
const wordPiece = {
  ...byteLevel({}),
  model: {
    ...{ type: 'WordPiece', unk_token: '[UNK]', max_input_chars_per_word: 100 },
    ...{ continuing_subword_prefix: '##', vocab: { '[UNK]': 0, a: 1, b: 2, '##b': 3, c: 4, d: 5 } },
  },
};
const unigram = {
  ...byteLevel({}),
  model: { type: 'Unigram', unk_id: 0, vocab: ['<unk>', 'a', 'b', 'c', 'd', 'e', 'f'].map((t) => [t, -1]) },
};

/** One tokenizer for each thing that a proof can fail at. */
const REFUSED: [RefusalReason, string, TokenizerJson][] = [
  ['model', 'WordPiece', wordPiece],
  ['model', 'Unigram', unigram as unknown as TokenizerJson],
  ['dropout', 'merges left out by chance', byteLevel({}, { dropout: 0.5 })],
  [
    'affix',
    'a prefix of what goes on a word',
    byteLevel({}, { continuing_subword_prefix: '##', merges: [] }),
  ],
  ['affix', 'a suffix of what ends a word', byteLevel({}, { end_of_word_suffix: '</w>' })],
  ['normalizer', 'lower case', byteLevel({ normalizer: { type: 'Lowercase' } })],
  ['normalizer', 'NFKC', byteLevel({ normalizer: { type: 'NFKC' } })],
  ['normalizer', 'spaces replaced before bytes', byteLevel({ normalizer: PREPEND })],
  [
    'normalizer',
    'a prefix after the spaces',
    sentencePiece({
      normalizer: { ...PREPEND, normalizers: [...(PREPEND.normalizers as object[])].reverse() },
    }),
  ],
  ['preTokenizer', 'white space', byteLevel({ pre_tokenizer: { type: 'Whitespace' } })],
  ['preTokenizer', 'nothing is cut', sentencePiece({})],
  [
    'preTokenizer',
    'digits before bytes',
    byteLevel({
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [{ type: 'Digits', individual_digits: true }, bytes({})],
      },
    }),
  ],
  [
    'preTokenizer',
    'another letter for spaces',
    sentencePiece({
      pre_tokenizer: { type: 'Metaspace', replacement: '_', prepend_scheme: 'always', split: true },
    }),
  ],
  ['preTokenizer', 'patterns one after the other, as DeepSeek has', trained('deepseek')],
  ['pattern', 'a pattern of its own', byteLevel({ pre_tokenizer: cut('\\p{L}+|\\s+') })],
  ['pattern', 'matches taken away', byteLevel({ pre_tokenizer: removing(PATTERNS.llama3) })],
  ['pattern', 'no pattern', byteLevel({ pre_tokenizer: bytes({ use_regex: false }) })],
  ['pattern', 'two patterns', byteLevel({ pre_tokenizer: cut(PATTERNS.llama3, { use_regex: true }) })],
  [
    'prefixSpace',
    'a space for every word',
    byteLevel({ pre_tokenizer: cut(PATTERNS.llama3, { add_prefix_space: true }) }),
  ],
  ['unknown', 'a byte without a token', withoutToken(byteLevel({}), 'Q')],
  ['unknown', 'no byte fallback', sentencePiece({ normalizer: PREPEND }, { byte_fallback: false })],
  ['unknown', 'a byte that has no token', withoutToken(sentencePiece({ normalizer: PREPEND }), '<0xE6>')],
  [
    'ignoreMerges',
    'whole words where there are none',
    sentencePiece({ normalizer: PREPEND }, { ignore_merges: true }),
  ],
  ['byteTokens', 'merged bytes', merged(sentencePiece({ normalizer: PREPEND }), '<0xE6>', '<0xB0>')],
  [
    'addedToken',
    'one that takes the space before it',
    byteLevel({ added_tokens: [added('<t>', { lstrip: true })] }),
  ],
  [
    'addedToken',
    'one that takes the space behind it',
    byteLevel({ added_tokens: [added('<t>', { rstrip: true })] }),
  ],
  [
    'addedToken',
    'one that is a whole word',
    byteLevel({ added_tokens: [added('<t>', { single_word: true })] }),
  ],
  [
    'addedToken',
    'one that NFC may change',
    byteLevel({ normalizer: { type: 'NFC' }, added_tokens: [added('e\u0301', { normalized: true })] }),
  ],
  [
    'addedToken',
    'one in replaced spaces',
    sentencePiece({ normalizer: PREPEND, added_tokens: [added('<b>', { normalized: true })] }),
  ],
];

function removing(pattern: string): Part {
  const [split, byteLevelPart] = cut(pattern).pretokenizers as object[];
  return { type: 'Sequence', pretokenizers: [{ ...split, behavior: 'Removed' }, byteLevelPart] };
}

test.each([
  ['that names a token that is not there', ['a', 'nowhere']],
  ['of three', 'a b c'],
])('a merge %s is a reason, though the library does not load such a file either', async (_, merge) => {
  const file = byteLevel({});
  const merges = [...mergesOf(file), merge];
  const json = { ...file, model: { ...file.model, merges } };
  expect(readModel(json)).toMatchObject({ reason: 'merges' });
  await expect(openPair(json)).rejects.toThrow(BadTokenizer);
});

test('every reason is provoked', () => {
  const all: Record<RefusalReason, true> = {
    ...{ model: true, dropout: true, affix: true, merges: true, normalizer: true, preTokenizer: true },
    ...{ pattern: true, prefixSpace: true, unknown: true, ignoreMerges: true, byteTokens: true },
    addedToken: true,
  };
  expect(new Set([...REFUSED.map(([reason]) => reason), 'merges'])).toEqual(new Set(Object.keys(all)));
});

test.each(REFUSED)('%s: %s is left to the library', async (reason, _, json) => {
  const pair = await openPair(json);
  expect(pair.ours.refusal?.reason).toBe(reason);
  expect(pair.ours.refusal?.detail.length).toBeGreaterThan(10);
  const texts = fuzzTexts('refused');
  const some = Array.from({ length: 20 }, () => texts.next().value as string);
  expect(await differences(pair, some)).toEqual({ different: [], slow: 20 });
});
