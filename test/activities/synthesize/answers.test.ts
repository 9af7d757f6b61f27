import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chunkBody, type Recorded } from '../../../activities/synthesize/answer-chunks.ts';
import { openAnswers } from '../../../activities/synthesize/answers.ts';
import type { Completion, CompletionRequest } from '../../../activities/synthesize/endpoint/client.ts';
import {
  openUnwritten,
  type Unwritten,
  type UnwrittenLimits,
} from '../../../activities/synthesize/unwritten.ts';
import { until } from '../../../client/stack/poll.ts';
import type { AttemptFolder } from '../../../lake/commit.ts';
import { CorruptLake, StoreUnavailable } from '../../../lake/errors.ts';
import { sha256 } from '../../../lake/hash.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';

const SHARED = 'runs/d/r/stages/p/synthesize/fp/';
const answer = (n: number): Completion => ({
  text: `answer ${n}`,
  finishReason: 'stop',
  promptTokens: n,
  cachedTokens: 0,
  completionTokens: 1,
  seconds: 0.1,
  tries: 1,
  wastedTokens: 0,
});
const request = (n: number): string => sha256(`request ${n}`);
const recorded = (n: number): Recorded => [request(n), answer(n)];
const call = (n: number): CompletionRequest => ({
  path: '/v1/completions',
  body: {},
  id: request(n),
  affinity: '',
  promptTokens: 1,
  maxTokens: 1,
});

let store: DirectoryStore;
let opened: Unwritten[] = [];
beforeEach(async () => {
  store = await directoryStore();
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  opened = [];
  await store.remove();
});

function worker(limits: Partial<UnwrittenLimits> = {}): Unwritten {
  const unwritten = openUnwritten({ waits: [1], patience: 50, ...limits });
  opened.push(unwritten);
  return unwritten;
}
/** A round of an attempt; `enduring` is the store its chunks go to. */
function open(
  unwritten: Unwritten,
  attempt: number,
  { shared = SHARED, enduring = store as ObjectStore } = {},
) {
  const path = `${shared}${attempt.toString(16).padStart(32, '0')}`;
  const folder = { path, shared } as AttemptFolder;
  return openAnswers({ store, enduring, unwritten }, folder, 0);
}
async function chunks(prefix = SHARED): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

describe('the answers of a round', () => {
  test('are found by a later attempt, and a chunk is written before there are many', async () => {
    const first = await open(worker(), 1);
    for (let n = 0; n < 100; n++) first.keep(request(n), answer(n));
    await until(async () => (await chunks()).length >= 1 || undefined, { within: 5_000, what: 'no chunk' });
    // The process dies here: what was not flushed is gone with it.
    const second = await open(worker(), 2);
    const known = Array.from({ length: 100 }, (_, n) => second.find(request(n))).filter(
      (each) => each !== undefined,
    );
    expect(known.length).toBeGreaterThanOrEqual(32);
    await first.flush();
    const third = await open(worker(), 3);
    expect(third.find(request(99))).toEqual(answer(99));
    expect(third.usage([]).usage.wastedAnswers).toBe(100);
  });

  test('of all rounds of a worker are counted together: no more than a chunk is ever unwritten once the store has answered', async () => {
    const unwritten = worker();
    const rounds = await Promise.all(
      [1, 2, 3, 4].map((n) => open(unwritten, n, { shared: `${SHARED}${n}/` })),
    );
    let kept = 0;
    for (let n = 0; n < 50; n++) {
      for (const round of rounds) {
        round.keep(request(kept), answer(kept));
        kept++;
      }
      const written = async (): Promise<number> => {
        const fresh = worker();
        let found = 0;
        for (const n of [1, 2, 3, 4])
          found += (await open(fresh, 99, { shared: `${SHARED}${n}/` })).usage([]).usage.wastedAnswers;
        return found;
      };
      await until(async () => kept - (await written()) < 32 || undefined, {
        within: 5_000,
        what: 'a chunk too many is unwritten',
      });
    }
  });

  test('that wait alone are written after a while', async () => {
    const round = await open(worker({ ms: 20 }), 1);
    round.keep(request(1), answer(1));
    await until(async () => (await chunks()).length === 1 || undefined, { within: 5_000, what: 'no chunk' });
  });

  test('an object that is torn, foreign or unreadable is counted, and stops nobody', async () => {
    const attempt = `${SHARED}${'a'.repeat(32)}`;
    const body = chunkBody({ round: 0, sent: 2, open: 0, atRisk: 0, wastedTokens: 0 }, [
      recorded(1),
      recorded(2),
    ]);
    await store.put(`${attempt}/answers-00000.jsonl`, body);
    await store.put(
      `${attempt}/answers-00001.jsonl`,
      chunkBody({ round: 0, sent: 4, open: 0, atRisk: 0, wastedTokens: 0 }, [recorded(3), recorded(4)]).slice(
        0,
        -20,
      ),
    );
    await store.put(`${attempt}/answers-00002.jsonl`, Buffer.from([0, 255, 254, 10, 80, 65, 82, 49]));
    await store.put(`${attempt}/answers-00003.jsonl`, '');
    await store.put(`${attempt}/entries.parquet`, 'no chunk at all');
    await store.put(`${SHARED}answers-00000.jsonl`, 'not in the folder of an attempt');
    const round = await open(worker(), 1);
    expect([1, 2, 3, 4].map((n) => round.find(request(n)))).toEqual([
      answer(1),
      answer(2),
      answer(3),
      undefined,
    ]);
    expect(round.damaged).toBe(3);

    const bad: ObjectStore = {
      ...store,
      find: async (key) => {
        if (key.endsWith('00000.jsonl')) throw new CorruptLake('the bytes are not those that were put there');
        return store.find(key);
      },
    };
    const folder = { path: `${SHARED}${'b'.repeat(32)}`, shared: SHARED } as AttemptFolder;
    const other = await openAnswers({ store: bad, enduring: store, unwritten: worker() }, folder, 0);
    expect([1, 3].map((n) => other.find(request(n)))).toEqual([undefined, answer(3)]);
  });

  test('chunks are read side by side, and no more than some at a time', async () => {
    for (let n = 0; n < 100; n++) {
      const attempt = (n % 3).toString(16).padStart(32, '0');
      await store.put(
        `${SHARED}${attempt}/answers-${String(n).padStart(5, '0')}.jsonl`,
        chunkBody({ round: 0, sent: 1, open: 0, atRisk: 0, wastedTokens: 0 }, [recorded(n)]),
      );
    }
    let [now, most] = [0, 0];
    const slow: ObjectStore = {
      ...store,
      find: async (key) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
        return store.find(key);
      },
    };
    const folder = { path: `${SHARED}${'b'.repeat(32)}`, shared: SHARED } as AttemptFolder;
    const round = await openAnswers({ store: slow, enduring: store, unwritten: worker() }, folder, 0);
    expect(round.find(request(99))).toEqual(answer(99));
    expect(most).toBe(16);
  });
});

describe('a store that is away', () => {
  function awayStore(): { enduring: ObjectStore; back: () => void; puts: () => number } {
    let away = true;
    let puts = 0;
    return {
      enduring: {
        ...store,
        put: async (key, body) => {
          puts++;
          if (away) throw new StoreUnavailable('could not write the object: gone');
          return store.put(key, body);
        },
      },
      back: () => {
        away = false;
      },
      puts: () => puts,
    };
  }
  test('ends no round by itself: answers are held, tried again, and written once it is back', async () => {
    const { enduring, back, puts } = awayStore();
    const round = await open(worker({ patience: 10_000 }), 1, { enduring });
    for (let n = 0; n < 40; n++) round.keep(request(n), answer(n));
    await until(async () => puts() > 3 || undefined, { within: 5_000, what: 'no further try' });
    const flushed = round.flush();
    back();
    await flushed;
    const later = await open(worker(), 2);
    expect(later.find(request(39))).toEqual(answer(39));
    expect(later.usage([]).usage.wastedAnswers).toBe(40);
  });
  test('for long fails the round, and the next attempt in this process has the answers all the same', async () => {
    const { enduring, back } = awayStore();
    const unwritten = worker();
    const first = await open(unwritten, 1, { enduring });
    for (let n = 0; n < 40; n++) first.keep(request(n), answer(n));
    await expect(first.flush()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    const second = await open(unwritten, 2, { enduring });
    expect(second.find(request(39))).toEqual(answer(39));
    back();
    await until(async () => (await open(worker(), 3)).find(request(39)), {
      within: 5_000,
      what: 'nothing was written',
    });
    // Held and written: counted once.
    expect((await open(unwritten, 4)).usage([]).usage.wastedAnswers).toBe(40);
  });
  test('bounds what is held: then nothing more is asked for, and the round fails by the store', async () => {
    const { enduring } = awayStore();
    const round = await open(worker({ mostAnswers: 8 }), 1, { enduring });
    let asked = 0;
    const client = round.metered({
      complete: async () => {
        asked++;
        return answer(asked);
      },
    });
    const work = (async () => {
      for (let n = 0; ; n++) round.keep(request(n), await client.complete(call(n)));
    })();
    await expect(work).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(asked).toBeLessThanOrEqual(32 + 8);
  });
});

describe('what a kill takes', () => {
  test("is estimated by each chunk: the round's share of what the worker has in flight and not written", async () => {
    const unwritten = worker();
    const one = await open(unwritten, 1, { shared: `${SHARED}1/` });
    const two = await open(unwritten, 2, { shared: `${SHARED}2/` });
    const never = new Promise<never>(() => {});
    const hanging = {
      complete: ({ onSend }: CompletionRequest) => {
        onSend?.();
        return never;
      },
    };
    for (let n = 100; n < 106; n++) void two.metered(hanging).complete(call(n));
    void one.metered(hanging).complete(call(200));
    await new Promise((resolve) => setImmediate(resolve));
    two.keep(request(999), answer(1));
    for (let n = 0; n < 31; n++) one.keep(request(n), answer(n));
    const wrote = async (): Promise<true | undefined> =>
      (await chunks(`${SHARED}1/`)).length === 1 || undefined;
    await until(wrote, { within: 5_000, what: 'no chunk' });
    // Seven in flight and one answer held, over two rounds.
    const later = await open(worker(), 3, { shared: `${SHARED}1/` });
    expect(later.usage([]).usage).toMatchObject({ wastedAnswers: 31, lostRequests: 4, failedRequests: 0 });
  });
});

describe('the meter', () => {
  test('counts what goes out: tries, what failed, what a cancellation broke off; not what waited for a turn', async () => {
    const unwritten = worker();
    const round = await open(unwritten, 1);
    const cancel = new AbortController();
    const client = round.metered({
      complete: async ({ id, onSend }, signal) => {
        if (id === request(3)) throw new Error('before it went out');
        onSend?.();
        if (id === request(1)) onSend?.();
        if (id === request(2)) throw new Error('refused');
        if (id === request(4)) {
          await new Promise((_, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
            cancel.abort(new Error('cancelled'));
          });
        }
        return answer(1);
      },
    });
    const answered = await client.complete(call(1));
    round.keep(request(1), answered);
    await expect(client.complete(call(2))).rejects.toThrow('refused');
    await expect(client.complete(call(3))).rejects.toThrow('before');
    await expect(client.complete(call(4), cancel.signal)).rejects.toThrow('cancelled');
    await round.flush();
    const { usage } = (await open(worker(), 2)).usage([]);
    expect(usage).toMatchObject({ wastedAnswers: 1, failedRequests: 2, lostRequests: 1 });
  });
  test('a request that is under way is not sent again', async () => {
    const round = await open(worker(), 1);
    let sent = 0;
    const client = round.metered({
      complete: async () => {
        sent++;
        return answer(1);
      },
    });
    const both = await Promise.all([client.complete(call(1)), client.complete(call(1))]);
    for (const each of both) round.keep(request(1), each);
    expect(sent).toBe(1);
    expect(round.usage([]).usage).toMatchObject({ wastedAnswers: 1, failedRequests: 0 });
  });
});
