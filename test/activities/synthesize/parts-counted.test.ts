import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { idWire, textWire } from '../../../activities/synthesize/generators/wire.ts';
import { splitCounted } from '../../../activities/synthesize/parts-counted.ts';
import { openPromptTokenizer } from '../../../activities/synthesize/prompt-tokenizer.ts';
import { prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import { samplePassages } from '../../../client/sample/index.ts';
import { sharedData } from '../../shared-data.ts';
import { writeSynthesizerTokenizer } from '../../synthesizer-tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = sharedData('tokenizers/openllama.json');
const tokenizers = [
  ['byte-level', await openPromptTokenizer(writeSynthesizerTokenizer(folder))],
  ...(path === undefined ? [] : [['SentencePiece-style', await openPromptTokenizer(path)] as const]),
] as const;
const pin = { name: 'g', model: 'm', window: 200, newTokens: 40, temperature: 0, tokenizer: 'x' };
const one = (part: string) => [...part].length === 1;

const text = fc
  .array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constantFrom(...'the patient with Hypertension may need Dr Smith'.split(' ')),
      },
      {
        weight: 4,
        arbitrary: fc.constantFrom(' ', ' ', '. ', '.\n', '? ', '\n\n', '<s>', '[INST]', '</CON>'),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
      { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom('x', 'Q'), minLength: 50, maxLength: 400 }) },
      { weight: 1, arbitrary: fc.constantFrom('\ud83d\ude00'.repeat(40), '환자는', '患者。') },
    ),
    { minLength: 1, maxLength: 150 },
  )
  .map((pieces) => pieces.join(''))
  .filter((words) => words !== '');

describe.each(tokenizers)('parts by the tokens of a %s tokenizer', (_, tokenizer) => {
  const wire = idWire(pin, tokenizer);
  const tokensOf = async (part: string) => (await wire.send(prompt([], part))).tokens;

  test('a text that fits exactly is one part; with a token less to spare it is two', async () => {
    const words = 'The nurse saw the patient today. She felt well and went home.';
    const exact = await tokensOf(words);
    const partsAt = (window: number) => idWire({ ...pin, window, newTokens: 0 }, tokenizer).parts(words, 1);
    expect(await partsAt(exact)).toEqual([words]);
    expect(await partsAt(exact - 1)).toEqual([
      'The nurse saw the patient today. ',
      'She felt well and went home.',
    ]);
  });
  test('joined they are the text; the prompt about each fits; none is empty; no pair is cut', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (words) => {
        const parts = await wire.parts(words, 1);
        expect(parts.join('')).toBe(words);
        for (const part of parts) {
          expect(part).not.toBe('');
          expect((await tokensOf(part)) <= wire.room || one(part), part).toBe(true);
        }
        for (const [i, part] of parts.entries()) {
          const joint = part.slice(-1) + (parts[i + 1] ?? '').slice(0, 1);
          expect([...joint]).toHaveLength(joint.length);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
  test('fewer parts than by the estimate, on prose', async () => {
    const prose = samplePassages()
      .map((each) => each.text)
      .join(' ');
    const counted = await wire.parts(prose, 1);
    expect(counted.length).toBeGreaterThan(10);
    expect(counted.length).toBeLessThan((await textWire(pin).parts(prose, 1)).length);
    for (const part of counted.slice(0, -1)) expect(part).toMatch(/[.?!:)\n]["”’)]*\s+$|\n$/);
  });
});

test('tokens that come out more together than apart cost a shorter part, not one that does not fit', async () => {
  // A tokenizer of which nothing is known: the whole has three tokens more than its pieces.
  const counting = {
    most: 20,
    ofPrompt: async (part: string) => 4 + part.length + (part.length > 5 ? 3 : 0),
    ofPieces: async (pieces: readonly string[]) => pieces.map((piece) => piece.length),
  };
  const parts = await splitCounted('Aaa. Bbb. Ccc. Ddd. Eee. ', counting);
  expect(parts).toEqual(['Aaa. Bbb. ', 'Ccc. Ddd. ', 'Eee. ']);
});
test('four megabytes without an end of a sentence are cut in linear time', async () => {
  const counting = {
    most: 3_000,
    ofPrompt: async (part: string) => 10 + part.length / 4,
    ofPieces: async (pieces: readonly string[]) => pieces.map((piece) => piece.length / 4),
  };
  for (const piece of ['word ', 'x', '\ud83d\ude00']) {
    const long = piece.repeat(4_000_000 / piece.length);
    const parts = await splitCounted(long, counting);
    expect(parts.join('') === long).toBe(true);
    expect(parts.length).toBeLessThan((2 * long.length) / 4 / 3_000 + 2);
  }
});
