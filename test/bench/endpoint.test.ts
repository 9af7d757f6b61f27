import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseCompletion } from '../../activities/synthesize/protocol/parse.ts';
import { contextBlock, finishedRound, prompt } from '../../activities/synthesize/protocol/prompt.ts';
import { schedule } from '../../activities/synthesize/schedule.ts';
import { answerTo } from '../../bench/endpoint/answer.ts';
import { openPrefixCache } from '../../bench/endpoint/prefix-cache.ts';
import { openSimulatedEndpoint } from '../../bench/endpoint/server.ts';
import { type EndpointSettings, endpointSettings } from '../../bench/endpoint/settings.ts';
import { openSlots, type Served } from '../../bench/endpoint/slots.ts';
import type { EndpointStatistics } from '../../bench/endpoint/statistics.ts';
import { figuresOf } from '../../bench/synthesis/figures.ts';
import { chainsOf, filesOf, synthesisTexts } from '../../bench/synthesis/texts.ts';
import { until } from '../../client/stack/poll.ts';
import { sha256 } from '../../lake/hash.ts';

describe('slots', () => {
  let clock = 0;
  beforeEach(() => {
    clock = 0;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => vi.useRealTimers());
  const pass = (seconds: number): void => {
    clock += seconds;
    vi.advanceTimersByTime(seconds * 1000);
  };

  it('are taken in the order of arrival, without a gap however late the machine looks', () => {
    const served: Served[] = [];
    const ended: string[] = [];
    const slots = openSlots(
      2,
      () => clock,
      (one) => served.push(one),
    );
    for (const [name, seconds] of Object.entries({ a: 1, b: 2, c: 1, d: 1 })) {
      slots.add({ seconds: () => seconds, done: () => ended.push(name) });
    }
    expect([slots.busy(), slots.waiting()]).toEqual([2, 2]);
    // The clock is far ahead of the timers: as on a machine that was busy with other things.
    clock = 10;
    vi.advanceTimersByTime(10_000);
    expect(ended.slice(0, 2)).toEqual(['a', 'c']);
    expect(ended.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(served.map(({ from, to }) => [from, to]).toSorted()).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 3],
    ]);
  });

  it('are idle from the end of one job to the arrival of the next', () => {
    const served: Served[] = [];
    const slots = openSlots(
      1,
      () => clock,
      (one) => served.push(one),
    );
    slots.add({ seconds: () => 1, done: () => {} });
    pass(3);
    slots.add({ seconds: () => 1, done: () => {} });
    pass(1);
    expect(served.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [3, 4],
    ]);
  });

  it('let go of a job that is taken out, waiting or not', () => {
    const served: Served[] = [];
    const ended: string[] = [];
    const slots = openSlots(
      1,
      () => clock,
      (one) => served.push(one),
    );
    const add = (name: string) => slots.add({ seconds: () => 5, done: () => ended.push(name) });
    const [first, second] = [add('a'), add('b'), add('c')];
    second?.();
    pass(1);
    first?.();
    pass(5);
    expect(ended).toEqual(['c']);
    expect(served).toEqual([
      { from: 0, to: 1, whole: false },
      { from: 1, to: 6, whole: true },
    ]);
  });
});

describe('the prefix cache', () => {
  it('knows whole blocks of a beginning, and forgets what was used longest ago', () => {
    const cache = openPrefixCache(4, 3);
    cache.keep('aaaabbbbcc');
    expect(cache.known('aaaabbbbccdd')).toBe(2);
    expect(cache.known('aaaaXbbb')).toBe(1);
    expect(cache.known('bbbb')).toBe(0);
    cache.keep('eeeeffff');
    // Of the three that are kept, the first block of the first text was used last before.
    expect(cache.known('eeeeffff')).toBe(2);
    expect(cache.known('aaaabbbb')).toBe(1);
  });
});

describe('an answer', () => {
  it('is pairs of the tag protocol, none of them dropped, the same for the same prompt', () => {
    const seen = new Set<string>();
    for (const text of synthesisTexts(200)) {
      const asked = prompt([], text);
      const answer = answerTo(asked, sha256(asked), [3, 7]);
      expect(answerTo(asked, sha256(asked), [3, 7])).toBe(answer);
      const { pairs, drops } = parseCompletion(answer);
      expect(drops).toEqual([]);
      expect(pairs.length).toBeGreaterThanOrEqual(3);
      expect(pairs.length).toBeLessThanOrEqual(7);
      // As it stands in the next round's prompt: the beginning of that prompt is in the cache.
      expect(finishedRound({ context: text, pairs })).toBe(`${asked}${answer}</s>`);
      seen.add(answer);
    }
    expect(seen.size).toBe(200);
  });
});

describe('chains', () => {
  it('are the slots that a file of the lake gets', () => {
    for (const file of filesOf(synthesisTexts(23), 9)) {
      const texts = file.map((_, row) => ({ key: 'k', row, block: 0, ordinal: row, valid: file.length }));
      const slots = schedule(texts, { rounds: 2, share: 1, seed: 's' });
      const chains = slots.map((slot) => slot.texts.map(({ text }) => file[text.row]));
      expect(chainsOf(file)).toEqual(chains);
    }
  });
});

describe('the simulated endpoint', () => {
  const FAST = { slots: 4, tokensPerSecond: 20_000, prefillTokensPerSecond: 1_000_000 };
  const texts = synthesisTexts(100);

  async function against<T>(
    changes: Partial<EndpointSettings>,
    work: (url: string) => Promise<T>,
  ): Promise<{ result: T; statistics: EndpointStatistics; settings: EndpointSettings }> {
    const settings = { ...endpointSettings('plain'), ...FAST, ...changes };
    const endpoint = await openSimulatedEndpoint(settings);
    try {
      const result = await work(endpoint.url);
      const { body } = await request(`${endpoint.url}/stats`);
      return { result, statistics: (await body.json()) as EndpointStatistics, settings };
    } finally {
      await endpoint.close();
    }
  }
  interface Answer {
    status: number;
    retryAfter: unknown;
    text: string;
    cached: number;
  }
  async function ask(url: string, text: string): Promise<Answer | 'reset'> {
    try {
      const { statusCode, headers, body } = await request(`${url}/v1/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'm', prompt: text, max_tokens: 400 }),
      });
      const answer = (await body.json()) as {
        choices?: { text: string }[];
        usage?: { prompt_tokens_details: { cached_tokens: number } };
      };
      return {
        status: statusCode,
        retryAfter: headers['retry-after'],
        text: answer.choices?.[0]?.text ?? '',
        cached: answer.usage?.prompt_tokens_details.cached_tokens ?? 0,
      };
    } catch {
      return 'reset';
    }
  }
  const askAll = (url: string) => Promise.all(texts.map((text) => ask(url, contextBlock(text))));

  it('answers as many as come, and counts the time of its slots', async () => {
    const { result, statistics, settings } = await against({}, askAll);
    expect(result.every((each) => each !== 'reset' && each.status === 200)).toBe(true);
    expect(statistics).toMatchObject({ requests: 100, answered: 100, failed: 0, refused: 0, repeated: 0 });
    const tokens = statistics.completionTokens / 20_000;
    // No less; how much more is a matter of what else the machine does.
    expect(statistics.usefulSlotSeconds).toBeGreaterThan(tokens);
    const inSteps = statistics.busy.reduce((sum, each) => sum + each, 0);
    expect(inSteps).toBeCloseTo(statistics.usefulSlotSeconds, 6);
    const { share, wasted, idle } = figuresOf(statistics, settings, undefined);
    expect(share).toBeLessThanOrEqual(1.001);
    expect(share + wasted + idle.start + idle.between + idle.end).toBeCloseTo(1, 1);
  });

  it('fails the same requests whoever asks and in whatever order, and not for ever', async () => {
    const failing = async (url: string): Promise<string[]> => {
      const answers = await askAll(url);
      return texts.filter((_, i) => {
        const answer = answers[i];
        return answer === 'reset' || answer?.status === 500;
      });
    };
    const first = await against({ failures: 0.2 }, failing);
    texts.reverse();
    const second = await against({ failures: 0.2 }, failing);
    texts.reverse();
    expect(first.result.length).toBeGreaterThan(5);
    expect(second.result.toReversed()).toEqual(first.result);
    expect(first.statistics.failed).toBe(first.result.length);
    const again = await against({ failures: 0.2 }, async (url) => {
      let left = texts;
      let rounds = 0;
      for (; left.length > 0; rounds++) {
        const answers = await Promise.all(left.map((text) => ask(url, contextBlock(text))));
        left = left.filter((_, i) => (answers[i] as Answer).status !== 200);
      }
      return rounds;
    });
    expect(again.result).toBeGreaterThan(1);
    expect(again.statistics).toMatchObject({
      answered: 100,
      digest: (await against({}, askAll)).statistics.digest,
    });
  });

  it('makes stragglers hold their slot longer', async () => {
    const { statistics } = await against({ stragglers: { rate: 1, factor: 3 } }, askAll);
    expect(statistics.usefulSlotSeconds).toBeGreaterThan((3 * statistics.completionTokens) / 20_000);
  });

  it('refuses with Retry-After what does not fit a bounded queue', async () => {
    const { result, statistics } = await against({ queue: { bound: 3, retryAfterSeconds: 2 } }, askAll);
    const refused = result.filter((each) => each !== 'reset' && each.status === 429) as Answer[];
    expect(refused.length).toBe(statistics.refused);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.retryAfter).toBe('2');
    expect(statistics.queueMost).toBe(3);
  });

  it('tells of prompt tokens that it had in its cache', async () => {
    const { result } = await against({}, async (url) => {
      const first = prompt([], texts[0] ?? '');
      const { text } = (await ask(url, first)) as Answer;
      return ask(url, `${first}${text}</s>${contextBlock(texts[1] ?? '')}`);
    });
    const { cached } = result as Answer;
    expect(cached).toBeGreaterThan(200);
    expect(cached % 16).toBe(0);
  });

  it('loses what it has in hand when it crashes, and comes back', async () => {
    const crashes = { everySeconds: 1, forSeconds: 0.1 };
    const { result, statistics } = await against({ tokensPerSecond: 1_000, crashes }, async (url) => {
      const lost = await askAll(url);
      const probe = async (): Promise<Answer | undefined> => {
        const answer = await ask(url, contextBlock(texts[0] ?? ''));
        return answer === 'reset' ? undefined : answer;
      };
      return { lost, back: await until(probe, { within: 20_000, what: 'no answer after the crash' }) };
    });
    expect(result.lost).toContain('reset');
    expect(result.back.status).toBe(200);
    expect(statistics.downSeconds).toBeGreaterThan(0);
  }, 30_000);
});
