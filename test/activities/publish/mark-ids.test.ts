import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markIds, scanIds } from '../../../activities/publish/mark-ids.ts';
import { hasMarker } from '../../../activities/synthesize/protocol/markers.ts';
import type { Part, TokenizerJson } from '../../../activities/tokenize/fast/file.ts';
import { textTokenizer } from '../../../activities/tokenize/tokenizer.ts';
import { tokenizerFile } from '../../../activities/tokenize/tokenizer-file.ts';
import { added, byteLevel, goodTokenizers, PREPEND, sentencePiece } from '../../tokenizers.ts';

async function opened(json: TokenizerJson, eos: number | string = 0) {
  const file = tokenizerFile('made here', Buffer.from(JSON.stringify(json)));
  const tokenizer = textTokenizer(file, { bos: 'none', eos });
  return { file, tokenizer, ids: await markIds(file, tokenizer) };
}

/** What Llama's own file has. */
const LLAMA: Part = {
  type: 'Sequence',
  decoders: [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ],
};
const WORDS = ['[UNK]', '<', '>', '/', 'end', 'con', 's', 'qu', '##e', '##s', '##>', 'a', 'text'];
const wordPiece: TokenizerJson = {
  ...byteLevel({}),
  pre_tokenizer: { type: 'BertPreTokenizer' },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    ...{
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
  },
} as TokenizerJson;
/** Every word ends with a suffix that has brackets itself. */
const suffixed: TokenizerJson = {
  ...byteLevel({}),
  pre_tokenizer: { type: 'WhitespaceSplit' },
  decoder: { type: 'BPEDecoder', suffix: '</w>' },
  model: {
    type: 'BPE',
    end_of_word_suffix: '</w>',
    vocab: Object.fromEntries(
      [...'<>/sconqueand'].flatMap((letter) => [letter, `${letter}</w>`]).map((t, i) => [t, i]),
    ),
    merges: [],
  },
};
const TOKENIZERS = new Map<string, TokenizerJson>([
  ...[...goodTokenizers()].filter(([name]) => !name.startsWith('the real')),
  ['Llama 2 with its decoder', sentencePiece({ normalizer: PREPEND, decoder: LLAMA })],
  ['marks as tokens', byteLevel({ added_tokens: [added('<CON>'), added('</'), added('END'), added('> <')] })],
  ['WordPiece', wordPiece],
  ['a suffix at the ends of words', suffixed],
]);

const PIECES = [
  '<',
  '>',
  '/',
  '</',
  '</s>',
  '<s',
  's>',
  'CON',
  'con>',
  ' <',
  'e',
  'nd',
  'END>',
  '< ',
  ' / ',
  '\n',
];
const texts = fc.array(
  fc.constantFrom(...PIECES, '\u00a0', 'p<0.05', 'é', '<br>', '水', '<ANS>', 'a', 'text'),
  {
    maxLength: 12,
  },
);

describe.each([...TOKENIZERS])('%s', (_, json) => {
  test('a document whose text has a mark is never passed over', async () => {
    const { tokenizer, ids } = await opened(json);
    let marks = 0;
    const property = fc.asyncProperty(texts, async (pieces) => {
      // Ids that the tokenizer itself would not put side by side as well.
      const whole = await tokenizer.encodeBatch([pieces.join('')]);
      const apart = await tokenizer.encodeBatch(pieces);
      for (const some of [whole, apart]) {
        const document = some.flatMap((each) => [...each.ids]);
        if (!hasMarker(await tokenizer.decode(document))) continue;
        marks++;
        const { special, mark } = scanIds(ids, document);
        expect(mark || special >= 0).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 300 });
    expect(marks).toBeGreaterThan(20);
  });
});

test('text that has no mark is seldom decoded', async () => {
  const { tokenizer, ids } = await opened(byteLevel({}));
  const marked = async (text: string): Promise<boolean> => {
    const [encoded] = await tokenizer.encodeBatch([text]);
    return scanIds(ids, encoded?.ids ?? []).mark;
  };
  expect(
    await marked('p < 0.05, and later x > 3; <br> <span class="a">, a -> b, if (a < b) return c >> 2;'),
  ).toBe(false);
  expect(await marked('one </s> two')).toBe(true);
  expect(await marked('one < /\u00a0EnD > two')).toBe(true);
});

describe('special tokens', () => {
  test('are those that stand at the ends alone, wherever the file has them', async () => {
    const begin = added('<|begin|>', { special: true });
    const { ids, tokenizer } = await opened(
      byteLevel({ added_tokens: [begin, added('<tool>')] }),
      '<|begin|>',
    );
    expect([...ids.special.values()]).toEqual(['<|begin|>']);
    const [given] = await tokenizer.encodeBatch(['a <|begin|> <tool>']);
    expect(scanIds(ids, given?.ids ?? []).special).toBe(-1);
    expect(scanIds(ids, [...(given?.ids ?? []), tokenizer.eos]).special).toBe(given?.ids.length);
    // Of the vocabulary alone.
    const llama = await opened(sentencePiece({ normalizer: PREPEND }), '</s>');
    expect([...llama.ids.special.values()]).toEqual(['</s>']);
  });

  test('are none that text gives: what stands for the unknown, and what is spelled as words are', async () => {
    const unknown = await opened({
      ...wordPiece,
      added_tokens: [{ ...added('[UNK]', { special: true }), id: 0 }],
    });
    expect([...unknown.ids.special.values()]).toEqual([]);
    const word = await opened(wordPiece, 'text');
    expect([...word.ids.special.values()]).toEqual([]);
  });
});
