import { describe, expect, test } from 'vitest';
import { until } from '../../../../client/stack/poll.ts';
import { EndpointUnavailable, LakeError, Unanswerable } from '../../../../lake/errors.ts';
import { answer, asking, client, failureOf, json, serve } from './servers.ts';

const many = (count: number, name = 'text'): string[] =>
  Array.from({ length: count }, (_, i) => `${name} ${i}`);

describe('replicas', () => {
  test('share the work, each prompt at the replica that has seen its beginning', async () => {
    const one = await serve((_, response) => answer(response, 'one'));
    const two = await serve((_, response) => answer(response, 'two'));
    const gpu = client([one.url, two.url]);
    const ask = async (text: string) => (await gpu.complete(asking(text))).text;
    const first = new Map<string, string>();
    for (const text of many(40)) first.set(text, await ask(text));
    expect(new Set(first.values())).toEqual(new Set(['one', 'two']));
    for (const text of many(40)) expect(await ask(text)).toBe(first.get(text));
    expect(gpu.statistics()).toMatchObject({ sent: 80, answered: 80, preferred: 80, spilled: 0 });
  });
  test('one that crashes loses nothing: its requests go to the other at once', async () => {
    const held: (() => void)[] = [];
    const crashing = await serve((_, response) => void held.push(() => answer(response)));
    const well = await serve((_, response) => answer(response, 'well'));
    const gpu = client([crashing.url, well.url], { concurrency: 16 });
    const asked = Promise.all(many(40).map((text) => gpu.complete(asking(text))));
    await until(async () => held.length > 8 || undefined, { within: 10_000, what: 'nothing was asked' });
    await crashing.down();
    const answers = await asked;
    expect(answers.every(({ text }) => text === 'well')).toBe(true);
    expect(Math.max(...answers.map(({ tries }) => tries))).toBe(2);
    const { replicas, failed } = gpu.statistics();
    expect(replicas.map(({ state }) => state)).toEqual(['open', 'closed']);
    expect(failed.lost).toBeGreaterThan(8);
  });
  test('one that fails at everything is left alone, and gets its part again when it is well', async () => {
    let sick = true;
    const odd = await serve((asked, response) => {
      if (asked.url === '/health') response.end();
      else if (sick) json(response, 500, {});
      else answer(response);
    });
    const well = await serve((_, response) => answer(response));
    const gpu = client([odd.url, well.url]);
    await Promise.all(many(60).map((text) => gpu.complete(asking(text))));
    expect(odd.asked.filter(({ url }) => url !== '/health').length).toBeLessThan(20);
    sick = false;
    let served = 0;
    const back = async (): Promise<true | undefined> => {
      await Promise.all(many(20, `more ${served++}`).map((text) => gpu.complete(asking(text))));
      return gpu.statistics().replicas[0]?.state === 'closed' || undefined;
    };
    await until(back, { within: 20_000, what: 'it did not come back' });
  }, 30_000);
});

describe('an outage', () => {
  test('that is short costs time and nothing else', async () => {
    const server = await serve((_, response) => answer(response));
    const gpu = client(server.url, { timeoutMs: 20_000 });
    await gpu.complete(asking('before'));
    await server.down();
    const asked = Promise.all(many(8).map((text) => gpu.complete(asking(text))));
    await until(async () => gpu.statistics().waiting > 3 || undefined, {
      within: 5_000,
      what: 'nobody waits',
    });
    await server.up();
    expect(await asked).toHaveLength(8);
  });
  test('that lasts is EndpointUnavailable for all who wait, and none of them is set aside', async () => {
    const server = await serve(() => {});
    await server.down();
    const gpu = client(server.url);
    const failures = await Promise.all(many(8).map((text) => failureOf(gpu.complete(asking(text)))));
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(EndpointUnavailable);
      expect(failure.message).toContain('does not answer');
    }
  });
  test('of a server that hangs is none of the texts’ fault, though others were answered before', async () => {
    let hangs = false;
    const server = await serve((_, response) => {
      if (!hangs) answer(response);
    });
    const gpu = client(server.url, { timeoutMs: 200 });
    await gpu.complete(asking('before'));
    hangs = true;
    const failures = await Promise.all(many(6).map((text) => failureOf(gpu.complete(asking(text)))));
    for (const failure of failures) expect(failure).toBeInstanceOf(EndpointUnavailable);
  }, 20_000);
  test('of refusals is one too for those who asked before others were answered', {
    timeout: 20_000,
  }, async () => {
    let answered = 0;
    const server = await serve((_, response) => {
      if (answered++ < 3) answer(response);
      else json(response, 503, {});
    });
    const gpu = client(server.url);
    const ends = await Promise.all(
      many(12).map((text) => gpu.complete(asking(text)).catch((error) => error)),
    );
    expect(ends.filter((end) => end instanceof EndpointUnavailable)).toHaveLength(9);
  });
  test('of refusals alone is handed on with the wait that was asked for', async () => {
    const server = await serve((_, response) => json(response, 503, {}, { 'retry-after': '3' }));
    const gpu = client(server.url);
    const failures = await Promise.all(many(8).map((text) => failureOf(gpu.complete(asking(text)))));
    const waits = failures.map((failure) => (failure instanceof LakeError ? failure.context.retryAfter : 0));
    expect(Math.max(...waits.map((wait) => wait ?? 0))).toBeGreaterThan(2_000);
  }, 20_000);
});

describe('a poison text', () => {
  /** Does as told for prompts with `poison` in them, and answers others. */
  const around = (poison: Parameters<typeof serve>[0]) =>
    serve((asked, response, body) => {
      if (body.includes('poison')) poison(asked, response, body);
      else answer(response);
    });
  test.each([
    ['fails with 500', (_: unknown, response: { destroy(): void }) => json(response as never, 500, {}), 5],
    ['breaks the connection', (_: unknown, response: { destroy(): void }) => void response.destroy(), 5],
    ['times out', () => {}, 3],
  ])(
    'that always %s is set aside, the others are answered meanwhile',
    async (_, poison, tries) => {
      const server = await around(poison);
      const gpu = client(server.url, { timeoutMs: 500 });
      const failure = failureOf(gpu.complete(asking('poison')));
      const others = await Promise.all(many(30).map((text) => gpu.complete(asking(text))));
      expect(others).toHaveLength(30);
      const error = (await failure) as LakeError;
      expect(error).toBeInstanceOf(Unanswerable);
      expect(error.context).toMatchObject({
        endpoint: 'gpu',
        requestId: 'poison',
        tries,
        wastedTokens: 9 * tries,
      });
      expect(error.message).toContain(new URL(server.url).host);
      expect(gpu.statistics().wastedTokens).toBe(9 * tries);
    },
    30_000,
  );
  test('that is the last one left is known by a question that any model answers', async () => {
    const server = await around((_, response) => json(response, 500, {}));
    const failure = await failureOf(client(server.url).complete(asking('poison')));
    expect(failure).toBeInstanceOf(Unanswerable);
    expect(JSON.parse(server.asked.at(-1)?.body ?? '')).toEqual({
      model: 'm',
      prompt: 'Hello',
      max_tokens: 1,
    });
  }, 20_000);
  test('that brings the server down takes no other text with it', async () => {
    const held = new Set<() => void>();
    const server = await serve((asked, response, body) => {
      if (asked.url === '/health') return void response.end();
      if (body.includes('poison')) {
        // All that is under way is lost.
        for (const lose of held) lose();
        response.destroy();
        return;
      }
      const lose = (): void => void response.destroy();
      held.add(lose);
      setTimeout(() => {
        held.delete(lose);
        answer(response);
      }, 1_000);
    });
    const gpu = client(server.url, { concurrency: 32, timeoutMs: 20_000 });
    const failure = failureOf(gpu.complete(asking('poison')));
    const others = await Promise.all(many(8).map((text) => gpu.complete(asking(text))));
    expect(others).toHaveLength(8);
    expect(await failure).toBeInstanceOf(Unanswerable);
  }, 60_000);
});

describe('cancelling', () => {
  test('who waits leaves the queue at once, who is under way is broken off after a while, and nothing more goes out', {
    timeout: 20_000,
  }, async () => {
    let broken = 0;
    const server = await serve((_, response) => {
      response.once('close', () => broken++);
    });
    const gpu = client(server.url, { concurrency: 4, timeoutMs: 60_000 });
    const cancel = new AbortController();
    const failures = many(20).map((text) => failureOf(gpu.complete(asking(text), cancel.signal)));
    await until(async () => server.asked.length === 4 || undefined, {
      within: 5_000,
      what: 'nothing was asked',
    });
    cancel.abort(new Error('cancelled'));
    await until(async () => gpu.statistics().waiting === 0 || undefined, {
      within: 1_000,
      what: 'some wait',
    });
    expect(broken).toBe(0);
    for (const failure of await Promise.all(failures)) expect(failure.message).toBe('cancelled');
    expect(gpu.statistics()).toMatchObject({ waiting: 0, inFlight: 0, sent: 4 });
    await until(async () => broken === 4 || undefined, { within: 5_000, what: 'some were not broken off' });
    expect(server.asked).toHaveLength(4);
  });
  test('one that waits between two tries is over at once too', async () => {
    const server = await serve((_, response) => json(response, 429, {}, { 'retry-after': '50' }));
    const gpu = client(server.url);
    const cancel = new AbortController();
    const failure = failureOf(gpu.complete(asking('text'), cancel.signal));
    await until(async () => gpu.statistics().failed.refusing === 1 || undefined, {
      within: 5_000,
      what: 'nothing was refused',
    });
    cancel.abort(new Error('cancelled'));
    expect((await failure).message).toBe('cancelled');
  });
});

test('older rounds go first, and younger ones fill what they leave', async () => {
  const order: string[] = [];
  const server = await serve((_, response, body) => {
    order.push(String(JSON.parse(body).prompt).slice(0, 3));
    setTimeout(() => answer(response), 5);
  });
  const gpu = client(server.url, { concurrency: 2 });
  const [old, young] = [gpu.line(), gpu.line()];
  const asked = [
    ...many(30, 'new').map((text) => young.complete(asking(text))),
    ...many(30, 'old').map((text) => old.complete(asking(text))),
  ];
  await Promise.all(asked);
  const firstHalf = order.slice(2, 32);
  expect(firstHalf.filter((each) => each === 'old').length).toBeGreaterThanOrEqual(24);
  expect(firstHalf).toContain('new');
});
