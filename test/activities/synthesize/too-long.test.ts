import { describe, expect, test } from 'vitest';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import { saysTooLong } from '../../../activities/synthesize/too-long.ts';
import { BadRequest } from '../../../lake/errors.ts';
import { PAIR, PIN, round, type Sent, toldOf, turn } from './simulated-round.ts';

const REFUSED = 'the endpoint refuses the request (400): ';
const tooLong = new BadRequest(`${REFUSED}This model's maximum context length is 4096 tokens.`);

describe('what servers say of a prompt that is too long', () => {
  test.each([
    `${REFUSED}{"message":"This model's maximum context length is 4096 tokens. However, you requested 4500 tokens (4100 in the messages, 400 in the completion).","code":400}`,
    `${REFUSED}{"error":{"code":"context_length_exceeded"}}`,
    `${REFUSED}{"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}`,
    `${REFUSED}The decoder prompt (length 5000) is longer than the maximum model length of 4096.`,
    `${REFUSED}The input (5000 tokens) is longer than the model's context length (4096 tokens).`,
    'the endpoint refuses the request (422): Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096',
    'the endpoint refuses the request (413): payload too large',
  ])('%s', (said) => {
    expect(saysTooLong(new BadRequest(said))).toBe(true);
  });
  test.each(['temperature must be a number', 'the content was filtered', 'invalid prompt'])(
    'not: %s',
    (said) => {
      expect(saysTooLong(new BadRequest(REFUSED + said))).toBe(false);
    },
  );
});

describe('a prompt that the endpoint calls too long', () => {
  const chain = async () => {
    const first = await toldOf(0, 'First');
    const second = await toldOf(3, 'Second', [first]);
    return [first, second, await toldOf(6, 'Third', [first, second])];
  };
  const unless =
    (fits: (text: string) => boolean) =>
    ({ text }: Sent) =>
      fits(text) ? PAIR : tooLong;

  test('loses its oldest round first', async () => {
    const before = await chain();
    const { entries, asked } = await round(
      [turn(9, 'New', before)],
      unless((text) => !text.includes('First')),
    );
    expect(asked.map(({ text }) => text)).toEqual([prompt(before, 'New'), prompt(before.slice(1), 'New')]);
    expect(entries).toMatchObject([{ history: 2, linked: true, setAside: undefined }]);
  });
  test('then all of them, three requests in the whole', async () => {
    const before = await chain();
    const { entries, asked } = await round(
      [turn(9, 'New', before)],
      unless((text) => !text.includes('Third')),
    );
    expect(asked.map(({ text }) => text)).toEqual([
      prompt(before, 'New'),
      prompt(before.slice(1), 'New'),
      prompt([], 'New'),
    ]);
    expect(entries).toMatchObject([{ history: 0, linked: false, setAside: undefined }]);
  });
  test('a refusal for something else leaves no round to be tried one by one', async () => {
    const before = await chain();
    const { asked } = await round([turn(9, 'New', before)], ({ text }) =>
      text.includes('First') ? new BadRequest('filtered') : PAIR,
    );
    expect(asked.map(({ text }) => text)).toEqual([prompt(before, 'New'), prompt([], 'New')]);
  });

  const text = Array.from({ length: 100 }, (_, i) => `Sentence number ${i} stands here. `).join('');
  const narrow = { ...PIN, window: 900 };
  test('a text refused alone is cut once into smaller parts, which together are the text', async () => {
    const run = () =>
      round(
        [turn(0, text), turn(1, 'After')],
        unless((sent) => sent.length < 1000),
        {
          generator: instructionSynthesizer(narrow),
        },
      );
    const { entries, asked } = await run();
    const parts = entries.filter(({ row }) => row === 0);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_, i) => i));
    expect(parts.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
    expect(parts.every(({ setAside, pairs }) => setAside === undefined && pairs.length === 1)).toBe(true);
    expect(new Set(parts.map(({ id }) => id)).size).toBe(parts.length);
    // Answered once each; the refused ones are those of the parts that were cut.
    const answered = asked.filter((sent) => sent.text.length < 1000);
    expect(answered).toHaveLength(entries.length);
    expect((await run()).entries).toEqual(entries);
  });
  test('what is too long even then is set aside with what the endpoint said, and the rest goes on', async () => {
    const { entries, asked } = await round(
      [turn(0, text), turn(1, 'After')],
      unless((sent) => sent.length < 40),
      {
        generator: instructionSynthesizer(narrow),
      },
    );
    const parts = entries.filter(({ row }) => row === 0);
    expect(parts.every(({ setAside }) => setAside === tooLong.message)).toBe(true);
    expect(parts.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
    expect(entries.at(-1)).toMatchObject({ row: 1, setAside: undefined });
    expect(asked.length).toBeLessThanOrEqual(2 * parts.length + 1);
  });
  test('one that cannot be cut is asked about once', async () => {
    const { entries, asked } = await round([turn(0, 'x')], () => tooLong);
    expect(asked).toHaveLength(1);
    expect(entries).toMatchObject([{ part: 0, start: 0, end: 1, setAside: tooLong.message }]);
  });
});
