import { describe, expect, test } from 'vitest';
import type { AnswerCache } from '../../../activities/synthesize/answers.ts';
import type { Completion, CompletionRequest } from '../../../activities/synthesize/endpoint/client.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import { type RoundDeps, runRound, type Told, type Turn } from '../../../activities/synthesize/round.ts';
import { BadRequest, EndpointUnavailable, Unanswerable } from '../../../lake/errors.ts';

const pin = {
  name: 'instruction-synthesizer',
  model: 'm',
  window: 4096,
  newTokens: 400,
  temperature: 0,
};
const PAIR = '<QUE> q <ANS> a </END>';
const turn = (row: number, text: string, before: Told[] = []): Turn => ({
  slot: `slot-${row}`,
  round: before.length,
  text: { key: 'raw/a.parquet', row, block: 0, ordinal: row, valid: 9, text },
  before,
});

type Sent = CompletionRequest & { text: string };

/** A round against answers given by a function of the request; what was asked and kept is recorded. */
async function round(
  turns: Turn[],
  answer: (request: Sent, n: number) => string | Error,
  more: Partial<RoundDeps> = {},
) {
  const asked: Sent[] = [];
  const kept = new Map<string, Completion>();
  const answers: AnswerCache = {
    find: (request) => kept.get(request),
    keep: (request, value) => kept.set(request, value),
    flush: async () => {},
  };
  const deps: RoundDeps = {
    client: {
      async complete(request) {
        const sent = { ...request, text: String(request.body.prompt) };
        asked.push(sent);
        const given = answer(sent, asked.length);
        if (given instanceof Error) throw given;
        return {
          text: given,
          finishReason: 'stop',
          promptTokens: 10,
          cachedTokens: 0,
          completionTokens: 5,
          seconds: 0.1,
          tries: 1,
          wastedTokens: 0,
        };
      },
    },
    answers,
    generator: instructionSynthesizer(pin),
    pin,
    concurrency: 4,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...more,
  };
  return { entries: await runRound(turns, deps), asked, kept };
}
async function toldOf(row: number, text: string, before: Told[] = []): Promise<Told> {
  const { entries } = await round([turn(row, text, before)], () => PAIR);
  const [entry] = entries;
  if (entry === undefined) throw new Error('no entry');
  return { ...entry, context: text };
}

describe('a round', () => {
  test('prompts each text once, and entries come in the order of the turns', async () => {
    const { entries, asked } = await round([turn(0, 'A'), turn(1, 'B')], ({ text }) =>
      text.includes('A') ? PAIR : 'nothing',
    );
    expect(asked.map((each) => each.text).sort()).toEqual([prompt([], 'A'), prompt([], 'B')]);
    expect(entries.map(({ row, pairs, linked, history }) => [row, pairs.length, linked, history])).toEqual([
      [0, 1, false, 0],
      [1, 0, false, 0],
    ]);
    expect(entries[1]?.drops).toEqual({ incomplete: 1 });
  });
  test('goes out as the protocol wants it: the literal text, and no mark added by the server', async () => {
    const { asked } = await round([turn(0, 'A')], () => PAIR);
    const [{ path, body, affinity } = { path: '', body: {}, affinity: '' }] = asked;
    expect([path, affinity]).toEqual(['/v1/completions', 'slot-0']);
    expect(body).toEqual({
      model: 'm',
      prompt: '<s> <CON> A </CON>\n\n',
      max_tokens: 400,
      temperature: 0,
      n: 1,
      add_special_tokens: false,
    });
  });
  test('the linked texts and pairs before it stand in front of a text', async () => {
    const first = await toldOf(0, 'A');
    const second = await toldOf(3, 'B', [first]);
    const { entries, asked } = await round([turn(6, 'C', [first, second])], () => PAIR);
    expect(asked[0]?.text).toBe(prompt([first, second], 'C'));
    expect(entries[0]).toMatchObject({ linked: true, history: 2 });
  });
  test('without pairs in this round the text is not linked, whatever stood before', async () => {
    const { entries } = await round([turn(3, 'B', [await toldOf(0, 'A')])], () => '');
    expect(entries[0]).toMatchObject({ linked: false, history: 1, pairs: [] });
  });
  test('a history that does not fit loses its oldest round first', async () => {
    const long = 'word '.repeat(700);
    const first = await toldOf(0, `first ${long}`);
    const second = await toldOf(3, `second ${long}`, [first]);
    const narrow = { ...pin, window: 2_600 };
    const { entries, asked } = await round([turn(6, 'C', [first, second])], () => PAIR, {
      generator: instructionSynthesizer(narrow),
    });
    expect(entries[0]?.history).toBe(1);
    expect(asked[0]?.text).toContain('second');
    expect(asked[0]?.text).not.toContain('first');
  });
  test('a text too long for the window is asked about in parts that make up the whole, one after the other', async () => {
    const text = Array.from({ length: 400 }, (_, i) => `Sentence number ${i} stands here. `).join('');
    const { entries, asked } = await round([turn(0, text)], () => PAIR, {
      generator: instructionSynthesizer({ ...pin, window: 1_500 }),
    });
    expect(entries.length).toBeGreaterThan(2);
    expect(asked).toHaveLength(entries.length);
    expect(entries.map(({ part }) => part)).toEqual(entries.map((_, i) => i));
    expect(entries.map(({ start, end }) => Buffer.from(text).subarray(start, end).toString()).join('')).toBe(
      text,
    );
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  });
  test('a refusal is met once without the history, then the text is set aside with the reason', async () => {
    const first = await toldOf(0, 'A');
    const refuseLong = ({ text }: Sent) => (text.includes('A') ? new BadRequest('too long') : PAIR);
    const short = await round([turn(3, 'B', [first])], refuseLong);
    expect(short.entries[0]).toMatchObject({ history: 0, linked: false, setAside: undefined });
    expect(short.asked).toHaveLength(2);
    const never = await round([turn(3, 'B', [first]), turn(4, 'C')], ({ text }) =>
      text.includes('B') ? new BadRequest('poison') : PAIR,
    );
    expect(never.entries.map(({ setAside, pairs }) => [setAside, pairs.length])).toEqual([
      ['poison', 0],
      [undefined, 1],
    ]);
  });
  test('an answer that is known is not asked for again', async () => {
    const first = await round([turn(0, 'A'), turn(1, 'B')], () => PAIR);
    const again = await round([turn(0, 'A'), turn(1, 'B'), turn(2, 'C')], () => PAIR, {
      answers: { find: (request) => first.kept.get(request), keep: () => {}, flush: async () => {} },
    });
    expect(again.asked.map((each) => each.text)).toEqual([prompt([], 'C')]);
    expect(again.entries.slice(0, 2)).toEqual(first.entries);
  });
  test('a text that the endpoint cannot answer is set aside too, and others go on', async () => {
    const { entries, asked } = await round([turn(0, 'A'), turn(1, 'B')], ({ text }) =>
      text.includes('A') ? new Unanswerable('failed 5 times', { tries: 5 }) : PAIR,
    );
    expect(entries.map(({ setAside }) => setAside)).toEqual(['failed 5 times', undefined]);
    expect(asked).toHaveLength(2);
  });
  test('an endpoint that stays away ends the round, answers kept', async () => {
    let flushed = false;
    const kept: string[] = [];
    const gone = round(
      [turn(0, 'A'), turn(1, 'B')],
      ({ text }) => (text.includes('B') ? new EndpointUnavailable('down') : PAIR),
      {
        answers: {
          find: () => undefined,
          keep: (request) => kept.push(request),
          flush: async () => {
            flushed = true;
          },
        },
      },
    );
    await expect(gone).rejects.toThrow(EndpointUnavailable);
    expect([flushed, kept.length]).toEqual([true, 1]);
  });
  test('cancelling ends it at once', async () => {
    const abort = new AbortController();
    const cancelled = round(
      [turn(0, 'A')],
      () => {
        abort.abort(new Error('cancelled'));
        return new EndpointUnavailable('down');
      },
      { signal: abort.signal },
    );
    await expect(cancelled).rejects.toThrow('cancelled');
  });
});
