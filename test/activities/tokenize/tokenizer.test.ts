import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeDocuments } from '../../../activities/tokenize/encode.ts';
import { openTokenizer } from '../../../activities/tokenize/tokenizer.ts';
import { sampleTokenizerPath } from '../../../client/sample/index.ts';
import { BadTokenizer } from '../../../lake/errors.ts';
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

describe('a tokenizer', () => {
  test('gives ids, ends and the highest id, added tokens included', async () => {
    const plain = await openTokenizer(sample);
    expect([plain.bos, plain.eos, plain.highestId]).toEqual([undefined, 1, 4095]);
    const framed = await openTokenizer({ ...sample, bos: '<|begin|>', eos: 1 });
    const [ids] = await encodeDocuments(framed, ['water'], () => {});
    expect([ids?.[0], ids?.at(-1)]).toEqual([0, 1]);
    expect(await framed.decode([...(ids ?? [])])).toBe('<|begin|>water<|end|>');
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
    expect((await openTokenizer({ ...sample, file: added })).highestId).toBe(9000);
  });
  test('text that spells a special token is text', async () => {
    const tokenizer = await openTokenizer(sample);
    const [ids = []] = await tokenizer.encodeBatch(['a <|end|> b']);
    expect(ids).not.toContain(1);
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
          const encoded = await encodeDocuments(tokenizer, texts, () => {});
          expect(encoded).toHaveLength(texts.length);
          for (const [i, ids] of encoded.entries()) {
            expect(await tokenizer.decode([...ids.subarray(0, -1)])).toBe(texts[i]);
          }
        },
      ),
      { numRuns: 40 },
    );
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
  expect(await tokenizer.encodeBatch(['Hello world<|endoftext|>'])).toEqual([
    [15496, 995, 27, 91, 437, 1659, 5239, 91, 29],
  ]);
});
test.skipIf(llama === undefined)('a SentencePiece-style file with byte fallback loads', async () => {
  const tokenizer = await openTokenizer({ file: llama ?? '', bos: '<s>', eos: '</s>' });
  expect([tokenizer.bos, tokenizer.eos, tokenizer.highestId]).toEqual([1, 2, 32000]);
  const [ids = []] = await tokenizer.encodeBatch(['x </s> \u{1f9ea}']);
  expect(ids).not.toContain(2);
  expect(await tokenizer.decode(ids)).toBe('x </s> \u{1f9ea}');
});
