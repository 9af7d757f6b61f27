import { describe, expect, test } from 'vitest';
import type { Ask } from '../../../activities/synthesize/generators/generator.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import { requestHash } from '../../../activities/synthesize/round.ts';
import { BadRequest, EndpointUnavailable, ModelNotFound, Unanswerable } from '../../../lake/errors.ts';
import { PAIR, PIN, round, type Sent, toldOf, turn } from './simulated-round.ts';

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
    const narrow = { ...PIN, window: 2_600 };
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
      generator: instructionSynthesizer({ ...PIN, window: 1_500 }),
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
  describe('with a generator that asks again', () => {
    const again = (ask: Ask, answer: string): Ask | undefined => {
      if (answer !== 'garbage') return undefined;
      const text = `${String(ask.body.prompt)}AGAIN`;
      return { ...ask, body: { ...ask.body, prompt: text }, prompt: text };
    };
    const generator = { ...instructionSynthesizer(PIN), again };
    const isAgain = ({ text }: Sent) => text.endsWith('AGAIN');

    test('an answer that cannot be read is met by one more question, whose answer counts', async () => {
      const { entries, asked, kept } = await round(
        [turn(0, 'A')],
        (sent) => (isAgain(sent) ? PAIR : 'garbage'),
        { generator },
      );
      expect(asked.map(isAgain)).toEqual([false, true]);
      expect(kept.size).toBe(2);
      const request = requestHash(PIN, { prompt: asked[1]?.text });
      expect(entries[0]).toMatchObject({
        completion: PAIR,
        request,
        promptTokens: 10,
        completionTokens: 5,
        drops: {},
      });
      expect(entries[0]?.pairs).toHaveLength(1);
      const resumed = await round([turn(0, 'A')], () => 'never asked', {
        generator,
        answers: { find: (hash) => kept.get(hash), keep: () => {}, flush: async () => {} },
      });
      expect(resumed.asked).toEqual([]);
      expect(resumed.entries).toEqual(entries);
    });
    test('it is asked once: a second answer of that kind counts as it is', async () => {
      const { entries, asked } = await round([turn(0, 'A')], () => 'garbage', { generator });
      expect(asked).toHaveLength(2);
      expect(entries[0]).toMatchObject({ completion: 'garbage', pairs: [], drops: { incomplete: 1 } });
    });
    test('when the second question is refused, the first answer counts', async () => {
      const { entries } = await round(
        [turn(0, 'A')],
        (sent) => (isAgain(sent) ? new BadRequest('too long') : 'garbage'),
        { generator },
      );
      expect(entries[0]).toMatchObject({ completion: 'garbage', setAside: undefined });
    });
    test('a refusal that means another thing than the text ends the round with it', async () => {
      const refused = (error: BadRequest) => new ModelNotFound(`meant: ${error.message}`);
      const ended = round([turn(0, 'A')], () => new BadRequest('no such form'), {
        generator: { ...generator, refused },
      });
      await expect(ended).rejects.toThrow('meant: no such form');
    });
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
