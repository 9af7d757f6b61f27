import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeDocuments, type Tokens } from '../../../activities/tokenize/encode.ts';
import { openTokenizer, type TextTokenizer } from '../../../activities/tokenize/tokenizer.ts';
import { sampleTokenizerPath } from '../../../client/sample/index.ts';
import { BadTokenizer } from '../../../lake/errors.ts';
import type { Span } from '../../../workflows/contract.ts';
import { sharedData } from '../../shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));
const sample = { file: sampleTokenizerPath(), bos: 'none', eos: '<|end|>' } as const;
function variant(name: string, change: (file: Record<string, unknown>) => void): string {
  const file = JSON.parse(readFileSync(sampleTokenizerPath(), 'utf8')) as Record<string, unknown>;
  change(file);
  writeFileSync(join(folder, name), JSON.stringify(file));
  return join(folder, name);
}

async function idsOf(tokenizer: TextTokenizer, text: string): Promise<Uint32Array> {
  const [encoded] = await tokenizer.encodeBatch([text]);
  return encoded?.ids ?? new Uint32Array();
}
async function framedTokens(tokenizer: TextTokenizer, text: string, spans: Span[] = []): Promise<Tokens> {
  const [tokens] = await encodeDocuments(tokenizer, [{ text, spans }], () => {});
  return tokens as Tokens;
}

describe('a tokenizer', () => {
  test('gives ids, ends and the highest id, added tokens included', async () => {
    const plain = await openTokenizer(sample);
    expect([plain.bos, plain.eos, plain.highestId]).toEqual([undefined, 1, 4095]);
    const framed = await openTokenizer({ ...sample, bos: '<|begin|>', eos: 1 });
    const { ids } = await framedTokens(framed, 'water');
    expect([ids[0], ids.at(-1)]).toEqual([0, 1]);
    expect(await framed.decode(ids)).toBe('<|begin|>water<|end|>');
    const added = variant('added.json', (file) => {
      (file.added_tokens as object[]).push({
        id: 9000,
        content: '<pad>',
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      });
    });
    // The library numbers added tokens by their order, whatever id the file gives.
    expect((await openTokenizer({ ...sample, file: added })).highestId).toBe(4096);
  });
  test('an added token has the id of the whole file, though special ones before it are left out', async () => {
    const token = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
    for (const lstrip of [false, true]) {
      const file = variant('numbered.json', (each) => {
        (each.added_tokens as object[]).push(
          { ...token, id: 4096, content: '<pad>' },
          { ...token, id: 4097, content: '<tool>', special: false, lstrip },
        );
      });
      const tokenizer = await openTokenizer({ ...sample, file });
      expect(tokenizer.refusal?.reason).toBe(lstrip ? 'addedToken' : undefined);
      expect([...(await idsOf(tokenizer, 'a<tool>b<pad>'))]).toContain(4097);
      expect([...(await idsOf(tokenizer, 'a<tool>b<pad>'))]).not.toContain(4096);
    }
  });
  test('text that spells a special token is text', async () => {
    const tokenizer = await openTokenizer(sample);
    const ids = await idsOf(tokenizer, 'a <|end|> b');
    expect([...ids]).not.toContain(1);
    expect(await tokenizer.decode(ids)).toBe('a <|end|> b');
  });
  test('truncation and padding that were saved in the file are switched off', async () => {
    const file = variant('cut.json', (each) => {
      each.truncation = { direction: 'Right', max_length: 2, strategy: 'LongestFirst', stride: 0 };
      each.padding = {
        strategy: { Fixed: 50 },
        direction: 'Right',
        pad_to_multiple_of: null,
        pad_id: 0,
        pad_type_id: 0,
        pad_token: 'x',
      };
    });
    const text = 'one two three four five';
    const [whole] = await (await openTokenizer(sample)).encodeBatch([text]);
    expect(await (await openTokenizer({ ...sample, file })).encodeBatch([text])).toEqual([whole]);
  });
  test('documents come in order, whatever the batches, and decode to themselves', async () => {
    const tokenizer = await openTokenizer(sample);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 20 }),
        async (texts) => {
          const documents = texts.map((text) => ({ text, spans: [] }));
          const encoded = await encodeDocuments(tokenizer, documents, () => {});
          expect(encoded).toHaveLength(texts.length);
          for (const [i, { ids }] of encoded.entries()) {
            expect(await tokenizer.decode(ids.subarray(0, -1))).toBe(texts[i]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
  test('the tokens of a span are those whose last byte lies in it, whatever letters they are parts of', async () => {
    const letters = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    for (const bos of ['none', '<|begin|>'] as const) {
      const tokenizer = await openTokenizer({ ...sample, bos });
      await fc.assert(
        fc.asyncProperty(fc.array(letters, { minLength: 1, maxLength: 5 }), async (parts) => {
          const spans = parts.map((part, i): Span => {
            const start = Buffer.byteLength(parts.slice(0, i).join(''));
            return { kind: i % 2 ? 'answer' : 'context', start, end: start + Buffer.byteLength(part) };
          });
          const tokens = await framedTokens(tokenizer, parts.join(''), spans);
          const head = bos === 'none' ? 0 : 1;
          expect(tokens.spans.map(({ from }) => from)).toEqual([
            head,
            ...tokens.spans.slice(0, -1).map(({ to }) => to),
          ]);
          expect(tokens.spans.at(-1)?.to).toBe(tokens.ids.length - 1);
        }),
        { numRuns: 40 },
      );
    }
  });
  test('a token over a border belongs to the span that it ends in', async () => {
    const tokenizer = await openTokenizer(sample);
    const [context, answer] = (
      await framedTokens(tokenizer, 'in water', [
        { kind: 'context', start: 0, end: 3 },
        { kind: 'answer', start: 3, end: 8 },
      ])
    ).spans;
    expect([context?.from, context?.to, answer?.from, answer?.to]).toEqual([0, 1, 1, 2]);
  });
  test.each([
    ['a file that is not there', { ...sample, file: 'nowhere.json' }, /cannot be read/],
    ['an EOS that is not in it', { ...sample, eos: '<nope>' }, /eos is "<nope>"/],
    ['an id that is not in it', { ...sample, bos: 99999 }, /bos is id 99999/],
  ])('%s is a BadTokenizer that says so', async (_, settings, message) => {
    const opening = openTokenizer(settings);
    await expect(opening).rejects.toThrow(BadTokenizer);
    await expect(opening).rejects.toThrow(message);
  });
  test('a file that is no tokenizer is a BadTokenizer', async () => {
    writeFileSync(join(folder, 'not.json'), 'hello');
    writeFileSync(join(folder, 'empty.json'), '{}');
    await expect(openTokenizer({ ...sample, file: join(folder, 'not.json') })).rejects.toThrow(/is not JSON/);
    await expect(openTokenizer({ ...sample, file: join(folder, 'empty.json') })).rejects.toThrow(
      BadTokenizer,
    );
  });
});

const gpt2 = sharedData('tokenizers/gpt2.json');
const llama = sharedData('tokenizers/openllama.json');
if (gpt2 === undefined) console.log('shared tokenizers are not here: the real tokenizers are not tried');
test.skipIf(gpt2 === undefined)('an older file without a model type loads', async () => {
  const tokenizer = await openTokenizer({ file: gpt2 ?? '', bos: 'none', eos: '<|endoftext|>' });
  const [encoded] = await tokenizer.encodeBatch(['Hello world<|endoftext|>']);
  expect([...(encoded?.ids ?? [])]).toEqual([15496, 995, 27, 91, 437, 1659, 5239, 91, 29]);
  expect([...(encoded?.ends ?? [])]).toEqual([5, 11, 12, 13, 16, 18, 22, 23, 24]);
});
test.skipIf(llama === undefined)('a SentencePiece-style file with byte fallback loads', async () => {
  const tokenizer = await openTokenizer({ file: llama ?? '', bos: '<s>', eos: '</s>' });
  expect([tokenizer.bos, tokenizer.eos, tokenizer.highestId]).toEqual([1, 2, 32000]);
  const ids = await idsOf(tokenizer, 'x </s> \u{1f9ea}');
  expect([...ids]).not.toContain(2);
  expect(await tokenizer.decode(ids)).toBe('x </s> \u{1f9ea}');
});
