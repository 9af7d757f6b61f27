import { describe, expect, it, test } from 'vitest';
import type { GeneratorPin } from '../../../../activities/plan/pins.ts';
import { chat } from '../../../../activities/synthesize/generators/chat.ts';
import { CLOSE, delimited, OPEN } from '../../../../activities/synthesize/generators/chat-text.ts';
import type { Ask, Round } from '../../../../activities/synthesize/generators/generator.ts';
import { ownLibrary } from '../../../../activities/synthesize/generators/prompt-library.ts';
import { requestHash } from '../../../../activities/synthesize/round.ts';
import { BadRequest, InvalidConfig, ResponseFormatRefused } from '../../../../lake/errors.ts';
import { type Pair, PROMPTS, type PromptName } from '../../../../workflows/contract.ts';

const pin: GeneratorPin = {
  name: 'chat',
  model: 'm',
  window: 8192,
  newTokens: 800,
  temperature: 0,
  tokenizer: null,
  structuredOutput: 'json_schema',
  prompts: 'digest',
};
const PAIR: Pair = { question: 'q', answer: 'a', kind: 'option', options: ['a', 'b'] };
const generator = (
  prompts: readonly PromptName[] = ['question-answer'],
  changes: Partial<GeneratorPin> = {},
) => chat({ ...pin, ...changes }, { prompts, seed: 's' });
const messagesOf = ({ body }: Ask) => body.messages as { role: string; content: string }[];
const systemOf = (name: PromptName): string =>
  ownLibrary().system(ownLibrary().prompts([name])[0]!, pin.newTokens);

describe('a question', () => {
  it('is the system message of the prompt and the text; the whole body, and what its hash covers', async () => {
    const { ask, history } = await generator(['maths']).ask([], 'Water freezes at 0 °C.', 'slot');
    const messages = [
      { role: 'system', content: systemOf('maths') },
      { role: 'user', content: `${OPEN}\nWater freezes at 0 °C.\n${CLOSE}` },
    ];
    const text = { type: 'string' };
    const object = (properties: object) => ({
      type: 'object',
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    });
    const response_format = {
      type: 'json_schema',
      json_schema: {
        name: 'pairs',
        strict: true,
        schema: object({
          pairs: { type: 'array', items: object({ question: text, rationale: text, answer: text }) },
        }),
      },
    };
    expect(history).toBe(0);
    expect(ask.path).toBe('/v1/chat/completions');
    expect(ask.body).toEqual({ messages, max_tokens: 800, temperature: 0, n: 1, response_format });
    expect(ask.prompt).toEqual({ messages, response_format });
  });
  it('tells earlier texts and their pairs as turns in the same form, options before the answer', async () => {
    const rounds: Round[] = [
      { context: 'A', pairs: [PAIR] },
      { context: 'B', pairs: [{ question: 'r', answer: 'c', kind: 'cot', rationale: 'so' }] },
    ];
    const { ask, history } = await generator().ask(rounds, 'C', 'slot');
    expect(history).toBe(2);
    expect(messagesOf(ask).slice(1)).toEqual([
      { role: 'user', content: delimited('A') },
      {
        role: 'assistant',
        content: '{"pairs":[{"question":"q","options":["a","b"],"rationale":null,"answer":"a"}]}',
      },
      { role: 'user', content: delimited('B') },
      {
        role: 'assistant',
        content: '{"pairs":[{"question":"r","options":null,"rationale":"so","answer":"c"}]}',
      },
      { role: 'user', content: delimited('C') },
    ]);
  });
  it('begins as the one before it in its slot, so that a server has its prefix', async () => {
    const first = await generator(PROMPTS).ask([], 'A', 'slot');
    const second = await generator(PROMPTS).ask([{ context: 'A', pairs: [PAIR] }], 'B', 'slot');
    expect(messagesOf(second.ask).slice(0, 2)).toEqual(messagesOf(first.ask));
  });
  it('is asked for as the endpoint has it', async () => {
    const asked = async (structuredOutput: GeneratorPin['structuredOutput'] & string) =>
      (await generator(PROMPTS, { structuredOutput }).ask([], 'A', 'slot')).ask;
    expect((await asked('json_object')).body.response_format).toEqual({ type: 'json_object' });
    expect(await asked('none')).not.toHaveProperty('body.response_format');
    const hashes = await Promise.all((['json_schema', 'json_object', 'none'] as const).map(asked));
    expect(new Set(hashes.map((ask) => requestHash(pin, ask))).size).toBe(3);
  });
});

test('a slot draws its prompt by its id and the seed: always the same, all of them in use', async () => {
  const drawn = async (seed: string): Promise<string[]> =>
    Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const { ask } = await chat(pin, { prompts: PROMPTS, seed }).ask([], 'A', `slot-${i}`);
        return messagesOf(ask)[0]?.content ?? '';
      }),
    );
  const [once, twice, other] = await Promise.all([drawn('s'), drawn('s'), drawn('t')]);
  expect(twice).toEqual(once);
  expect(other).not.toEqual(once);
  for (const name of PROMPTS) {
    const slots = once.filter((system) => system === systemOf(name)).length;
    expect(slots).toBeGreaterThan(20);
  }
});

describe('the window', () => {
  const sentences = (n: number, what = 'part'): string =>
    Array.from({ length: n }, (_, i) => `The ${what} with number ${i} stands here. `).join('');
  it('loses the oldest round of the history first', async () => {
    const rounds = ['first', 'second'].map((what) => ({ context: sentences(200, what), pairs: [PAIR] }));
    const asked = await generator(['faq'], { window: 6000 }).ask(rounds, 'C', 'slot');
    expect(asked.history).toBe(1);
    expect(messagesOf(asked.ask)).toHaveLength(4);
    expect(messagesOf(asked.ask)[1]?.content).toContain('second');
  });
  it('cuts a text into parts that fit it alone, the second question included', async () => {
    const narrow = { window: 2600, newTokens: 400 };
    const made = generator(['question-answer'], narrow);
    const text = sentences(400);
    const parts = await made.parts(text);
    expect(parts.join('')).toBe(text);
    expect(parts.length).toBeGreaterThan(3);
    for (const [i, part] of parts.entries()) {
      const { ask } = await made.ask([], part, `slot-${i}`);
      const again = made.again?.(ask, 'what?');
      expect(again?.promptTokens).toBeLessThanOrEqual((narrow.window - narrow.newTokens) * 0.9);
    }
  });
  it('that has no room for prompt and answer is refused, and the message says what to set', () => {
    const narrow = () => generator(PROMPTS, { window: 1024, newTokens: 400 });
    expect(narrow).toThrow(InvalidConfig);
    expect(narrow).toThrow('raise "window"');
  });
});

describe('an answer that cannot be read', () => {
  it('is met by one more question: the same, with a remark behind the text', async () => {
    const made = generator();
    const { ask } = await made.ask([{ context: 'A', pairs: [PAIR] }], 'B', 'slot');
    const again = made.again?.(ask, 'Certainly!');
    expect(messagesOf(again!).slice(0, -1)).toEqual(messagesOf(ask).slice(0, -1));
    expect(messagesOf(again!).at(-1)?.content).toBe(`${delimited('B')}\n\n${ownLibrary().again}`);
    expect(again?.body.response_format).toEqual(ask.body.response_format);
    expect(requestHash(pin, again!)).not.toBe(requestHash(pin, ask));
  });
  it.each([
    '{"pairs": []}',
    '{"pairs": [{"question": "q", "answer": "a"}]}',
    '{"pairs": [{"question": "", "answer": "a"}]}',
    '{"pairs": [{"question": "q", "ans',
  ])('is not what %j is', async (answer) => {
    const { ask } = await generator().ask([], 'A', 'slot');
    expect(generator().again?.(ask, answer)).toBeUndefined();
  });
});

describe('a refusal', () => {
  const said = new BadRequest("the endpoint refuses the request (400): 'response_format' is not supported");
  it('of the response format is the configuration’s, and the message says what to set', async () => {
    const { ask } = await generator().ask([], 'A', 'slot');
    const refused = generator().refused?.(said, ask);
    expect(refused).toBeInstanceOf(ResponseFormatRefused);
    expect(refused?.message).toContain('set structuredOutput: "json_object", or "none"');
    const object = generator(PROMPTS, { structuredOutput: 'json_object' });
    expect(object.refused?.(said, (await object.ask([], 'A', 'slot')).ask)?.message).toContain(
      'structuredOutput: "none"',
    );
  });
  it('of a text is not: neither another reason, nor words that the server may have quoted', async () => {
    const { ask } = await generator().ask([], 'A', 'slot');
    expect(generator().refused?.(new BadRequest('context length exceeded'), ask)).toBeUndefined();
    const quoting = await generator().ask([], 'A text about response_format in requests.', 'slot');
    expect(generator().refused?.(said, quoting.ask)).toBeUndefined();
    const none = generator(PROMPTS, { structuredOutput: 'none' });
    expect(none.refused?.(said, (await none.ask([], 'A', 'slot')).ask)).toBeUndefined();
  });
});

test('the probe asks for one token, in the form of the others', () => {
  const probe = generator().probe?.();
  expect(probe?.body).toMatchObject({ max_tokens: 1, response_format: { type: 'json_schema' } });
});
