import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { GeneratorPin } from '../../../activities/plan/pins.ts';
import type { Settings } from '../../../activities/settings.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import {
  openPromptTokenizer,
  pinnedPromptTokenizer,
  promptTokenizer,
} from '../../../activities/synthesize/prompt-tokenizer.ts';
import { prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import { BadRequest, BadTokenizer, InvalidConfig, PinMismatch } from '../../../lake/errors.ts';
import { sharedData } from '../../shared-data.ts';
import { FIRST_SPECIAL, SPECIALS, writeSynthesizerTokenizer } from '../../synthesizer-tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-prompt-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = writeSynthesizerTokenizer(folder);
const [BEGIN, END] = [FIRST_SPECIAL, FIRST_SPECIAL + 1];

const pin: GeneratorPin = {
  name: 'instruction-synthesizer',
  model: 'm',
  window: 4096,
  newTokens: 400,
  temperature: 0,
  tokenizer: 'the sha',
};
const idsOf = (ask: { body: Record<string, unknown> }): number[] => ask.body.prompt as number[];

describe('prompts as token ids', () => {
  test("are the literal text's, its `<s>` and `</s>` recognised, none added", async () => {
    const tokenizer = await openPromptTokenizer(path);
    const { ask } = instructionSynthesizer(pin, tokenizer);
    const history = [{ context: 'A', pairs: [{ question: 'q', answer: 'a', kind: 'plain' as const }] }];
    const { ask: asked } = await ask(history, 'Water is wet.', 'slot');
    const ids = idsOf(asked);
    expect(ids).toEqual(await tokenizer.encode(prompt(history, 'Water is wet.')));
    expect([ids[0], ids.filter((id) => id === BEGIN).length, ids.filter((id) => id === END).length]).toEqual([
      BEGIN,
      2,
      1,
    ]);
    expect([asked.prompt, asked.promptTokens]).toEqual([ids, ids.length]);
    expect(asked.body).toEqual({ prompt: ids, max_tokens: 400, temperature: 0, n: 1 });
  });
  test.each(SPECIALS)('%s in a text or a pair does not become a special token', async (special) => {
    const tokenizer = await openPromptTokenizer(path);
    const text = `before ${special} after, and${special}${special}`;
    const history = [{ context: text, pairs: [{ question: text, answer: text, kind: 'plain' as const }] }];
    // A pair that holds a mark of the protocol never comes through the parser.
    const told = ['<s>', '</s>'].includes(special) ? [] : history;
    const { ask } = await instructionSynthesizer(pin, tokenizer).ask(told, text, 'slot');
    const found = idsOf(ask).filter((id) => id >= FIRST_SPECIAL);
    expect(found).toEqual(told.length === 0 ? [BEGIN] : [BEGIN, END, BEGIN]);
  });
  test('whatever specials a text is made of, the prompt has those of the protocol alone', async () => {
    const tokenizer = await openPromptTokenizer(path);
    const { ask } = instructionSynthesizer(pin, tokenizer);
    const hostile = fc
      .array(fc.oneof(fc.constantFrom(...SPECIALS, '<', '>', '[', '|', ' ', 'INST]', 's>'), fc.string()))
      .map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const ids = idsOf((await ask([], `x${text}`, 's')).ask);
        expect(ids.filter((id) => id >= FIRST_SPECIAL)).toEqual([BEGIN]);
        expect(tokenizer.neutralise(tokenizer.neutralise(text))).toBe(tokenizer.neutralise(text));
      }),
    );
  });
  test('a special token in a spelling of the tokenizer’s own is not sent: the text is refused with the reason', async () => {
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    file.normalizer = { type: 'NFKC' };
    file.added_tokens = (file.added_tokens as { content: string }[]).map((token) => ({
      ...token,
      normalized: token.content === '[INST]',
    }));
    const folding = join(folder, 'folding.json');
    writeFileSync(folding, JSON.stringify(file));
    const tokenizer = await openPromptTokenizer(folding);
    const asked = instructionSynthesizer(pin, tokenizer).ask([], 'now \uff3bINST\uff3d do', 's');
    await expect(asked).rejects.toThrow(BadRequest);
    await expect(asked).rejects.toThrow('"[INST]"');
  });
  test.skipIf(sharedData('tokenizers/openllama.json') === undefined)(
    'a SentencePiece-style tokenizer: ids as Hugging Face gives them for the literal prompt',
    async () => {
      const tokenizer = await openPromptTokenizer(sharedData('tokenizers/openllama.json') as string);
      const history = [{ context: 'A', pairs: [{ question: 'q', answer: 'a', kind: 'plain' as const }] }];
      const { ask } = await instructionSynthesizer(pin, tokenizer).ask(history, 'B', 's');
      // From Python: Tokenizer.from_file(…).encode(text, add_special_tokens=False).ids
      expect(idsOf(ask)).toEqual([
        1, 718, 15032, 31901, 308, 1937, 15032, 31901, 13, 13, 31903, 31913, 9343, 31901, 9801, 718, 16559,
        31901, 260, 1937, 11624, 31901, 2, 1, 718, 15032, 31901, 341, 1937, 15032, 31901, 13, 13,
      ]);
    },
  );
});

describe('the tokenizer of an endpoint', () => {
  const settings = (tokenizer?: string): Settings =>
    ({
      endpoints: { default: tokenizer === undefined ? {} : { tokenizer } },
      tokenizers: { synthesizer: { file: path, bos: 'none', eos: 1 }, gone: { file: `${path}.gone` } },
    }) as unknown as Settings;

  test('is the one that the configuration names; none without a name', async () => {
    expect(await promptTokenizer(settings(), 'default')).toBeUndefined();
    const found = await promptTokenizer(settings('synthesizer'), 'default');
    expect(found?.sha256).toMatch(/^[0-9a-f]{64}$/);
    await expect(promptTokenizer(settings('other'), 'default')).rejects.toThrow(InvalidConfig);
    await expect(promptTokenizer(settings('gone'), 'default')).rejects.toThrow(BadTokenizer);
  });
  test('another than the run began with is a PinMismatch, and so is one where there was none', async () => {
    const sha = (await promptTokenizer(settings('synthesizer'), 'default'))?.sha256 ?? '';
    expect((await pinnedPromptTokenizer(settings('synthesizer'), 'default', sha))?.sha256).toBe(sha);
    expect(await pinnedPromptTokenizer(settings(), 'default', null)).toBeUndefined();
    for (const [name, pinned] of [
      ['synthesizer', '00'],
      ['synthesizer', null],
      [undefined, sha],
    ] as const) {
      await expect(pinnedPromptTokenizer(settings(name), 'default', pinned)).rejects.toThrow(PinMismatch);
    }
  });
});
