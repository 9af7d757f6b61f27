import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Chunk,
  chunkBody,
  parseChunk,
  type Recorded,
} from '../../../activities/synthesize/answer-chunks.ts';
import type { Completion } from '../../../activities/synthesize/endpoint/client.ts';
import {
  addUsage,
  costOf,
  gather,
  noUsage,
  requestsOf,
  usageCounts,
  usageOf,
} from '../../../activities/synthesize/usage.ts';
import { sha256 } from '../../../lake/hash.ts';

const tokens = fc.nat({ max: 5_000 });
const completion: fc.Arbitrary<Completion> = fc
  .record({
    prompt: tokens,
    cached: fc.nat({ max: 100 }),
    completion: tokens,
    seconds: fc.nat({ max: 9 }),
    wasted: tokens,
  })
  .map(({ prompt, cached, completion, seconds, wasted }) => ({
    text: 'x',
    finishReason: 'stop',
    promptTokens: prompt,
    cachedTokens: Math.floor((prompt * cached) / 100),
    completionTokens: completion,
    tries: 1,
    seconds,
    wastedTokens: wasted,
  }));
const answers: fc.Arbitrary<Recorded[]> = fc
  .array(completion, { maxLength: 40 })
  .map((all) => all.map((each, i) => [sha256(`request ${i}`), each]));

const attemptOf = (n: number): string => String(n).padStart(32, '0');
const chunk = (attempt: number, number: number, of: Recorded[], sent = 0, underWay = 0): Chunk => ({
  attempt: attemptOf(attempt),
  number,
  header: { round: 0, sent, open: underWay, atRisk: underWay, wastedTokens: 0 },
  answers: of,
  damaged: 0,
});
const all = (): boolean => true;

describe('the usage of a round', () => {
  test('is the same however its answers are spread over attempts and chunks, and in whatever order these are met', () => {
    fc.assert(
      fc.property(
        answers,
        fc.infiniteStream(fc.nat({ max: 4 })),
        fc.infiniteStream(fc.nat({ max: 3 })),
        (given, attempts, numbers) => {
          const chunks = new Map<string, Chunk>();
          const sent = new Map<number, number>();
          for (const answer of given) {
            const [attempt, number] = [attempts.next().value as number, numbers.next().value as number];
            const key = `${attempt} ${number}`;
            const into = chunks.get(key) ?? chunk(attempt, number, []);
            into.answers.push(answer);
            chunks.set(key, into);
            sent.set(attempt, (sent.get(attempt) ?? 0) + 1);
          }
          // Every chunk tells of all that its attempt has sent; nothing was under way.
          for (const each of chunks.values())
            Object.assign(each.header ?? {}, { sent: sent.get(Number(each.attempt)) });
          const whole = usageOf(gather([chunk(9, 0, given, given.length)]), all);
          expect(usageOf(gather([...chunks.values()]), all)).toEqual(whole);
          expect(usageOf(gather([...chunks.values()].reverse()), all)).toEqual(whole);
          expect(whole.answers).toBe(given.length);
          expect(requestsOf(whole)).toBe(given.length);
          expect(whole.promptTokens).toBe(given.reduce((sum, [, each]) => sum + each.promptTokens, 0));
        },
      ),
    );
  });
  test('holds every answer once, be it taken by a text or of no use; what they cost together does not depend on which is which', () => {
    fc.assert(
      fc.property(answers, answers, fc.func(fc.boolean()), (one, other, used) => {
        const usage = usageOf(gather([chunk(1, 0, one, one.length), chunk(2, 0, other, other.length)]), used);
        const paid = [...one, ...other];
        const sum = (of: (each: Completion) => number): number =>
          paid.reduce((total, [, each]) => total + of(each), 0);
        expect(usage.answers + usage.wastedAnswers).toBe(paid.length);
        expect(usage.promptTokens + usage.wastedPromptTokens).toBe(
          sum((each) => each.promptTokens + (each.wastedTokens ?? 0)),
        );
        expect(usage.completionTokens + usage.wastedCompletionTokens).toBe(
          sum((each) => each.completionTokens),
        );
        expect(usage.seconds).toBe(sum((each) => each.seconds ?? 0));
      }),
    );
  });
  test('adds up: rounds one by one come to the same as all of them at once', () => {
    fc.assert(
      fc.property(fc.array(answers, { maxLength: 5 }), (rounds) => {
        const total = noUsage();
        for (const each of rounds) addUsage(total, usageOf(gather([chunk(1, 0, each, each.length)]), all));
        expect(total.answers).toBe(rounds.flat().length);
        expect(total.completionTokens).toBe(
          rounds.flat().reduce((sum, [, each]) => sum + each.completionTokens, 0),
        );
      }),
    );
  });
  test('a chunk that is met twice, in the lake and in memory, counts once', () => {
    const given: Recorded[] = [
      [sha256('a'), answer(10, 5)],
      [sha256('b'), answer(20, 7)],
    ];
    const held = chunk(1, 1, given, 3);
    const written = chunk(1, 0, given.slice(0, 1), 2, 1);
    expect(usageOf(gather([written, held]), all)).toMatchObject({
      answers: 2,
      wastedAnswers: 0,
      failedRequests: 1,
      lostRequests: 0,
    });
  });
  test('requests under way at the last chunk of an attempt are lost, their tokens estimated by the mean', () => {
    const dead = [
      chunk(1, 0, [[sha256('a'), answer(100, 40)]], 4, 3),
      chunk(1, 1, [[sha256('b'), answer(300, 60)]], 6, 4),
    ];
    const alive = chunk(2, 0, [[sha256('c'), answer(200, 50)]], 2);
    expect(usageOf(gather([...dead, alive]), all)).toMatchObject({
      answers: 3,
      lostRequests: 4,
      lostPromptTokens: 800,
      lostCompletionTokens: 200,
      failedRequests: 1,
    });
  });
});

describe('money', () => {
  const prices = { currency: 'EUR', prompt: 2, cached: 0.5, completion: 10 };
  test('is what was used, what was wasted and what was lost, less what the cache saved', () => {
    const usage = {
      ...noUsage(),
      promptTokens: 1_000_000,
      cachedTokens: 400_000,
      completionTokens: 100_000,
      wastedPromptTokens: 50_000,
      wastedCompletionTokens: 10_000,
      lostPromptTokens: 10_000,
      lostCompletionTokens: 1_000,
    };
    const { spent, wasted, lost, savedByCache } = costOf(usage, prices);
    expect([wasted, lost, savedByCache].map((each) => each.toFixed(6))).toEqual([
      '0.200000',
      '0.030000',
      '0.600000',
    ]);
    expect(spent).toBeCloseTo(2 + 1 - 0.6 + 0.2 + 0.03, 9);
    expect(usageCounts(usage, prices)).toMatchObject({
      'spent.EUR': 2_630_000,
      cachedTokens: 400_000,
      wastedTokens: 60_000,
    });
  });
  test('without prices there is none', () => {
    expect(Object.keys(usageCounts(noUsage(), undefined)).filter((name) => name.startsWith('spent'))).toEqual(
      [],
    );
  });
});

describe('a chunk', () => {
  const given: Recorded[] = [
    [sha256('a'), answer(1, 2)],
    [sha256('b'), answer(3, 4)],
  ];
  const body = Buffer.from(chunkBody({ round: 1, sent: 5, open: 2, atRisk: 2, wastedTokens: 0 }, given));
  test('is read as it was written', () => {
    expect(parseChunk('x', 3, body)).toEqual({
      attempt: 'x',
      number: 3,
      header: { round: 1, sent: 5, open: 2, atRisk: 2, wastedTokens: 0 },
      answers: given,
      damaged: 0,
    });
  });
  test('that is torn gives the answers before the tear, and says that it is', () => {
    fc.assert(
      fc.property(fc.nat({ max: body.length }), (end) => {
        const read = parseChunk('x', 0, body.subarray(0, end));
        expect(given.slice(0, read.answers.length)).toEqual(read.answers);
        expect(read.damaged).toBeLessThanOrEqual(1);
      }),
    );
  });
  test.each([
    'null',
    '[]',
    '"text"',
    '{"round":-1,"sent":0,"open":0,"atRisk":0,"wastedTokens":0}',
    '["not a hash",{"text":"","finishReason":"stop","promptTokens":1,"completionTokens":1}]',
    JSON.stringify([sha256('a'), null]),
    JSON.stringify([sha256('a'), { text: 1, finishReason: 'stop', promptTokens: 1, completionTokens: 1 }]),
    JSON.stringify([sha256('a'), { text: '', finishReason: 'stop', promptTokens: -1, completionTokens: 1 }]),
    '\u0000\u0001PAR1',
  ])('counts a line that is none of ours: %j', (line) => {
    const read = parseChunk('x', 0, Buffer.concat([Buffer.from(`${line}\n`), body]));
    expect(read.damaged).toBe(1);
    expect(read.answers).toEqual(given);
  });
  test('of any bytes is read without an error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseChunk('x', 0, bytes)));
  });
});

function answer(promptTokens: number, completionTokens: number): Completion {
  const cost = { seconds: 0, tries: 1, wastedTokens: 0 };
  return { text: 'x', finishReason: 'stop', promptTokens, cachedTokens: 0, completionTokens, ...cost };
}
