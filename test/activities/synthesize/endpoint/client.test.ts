import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { laterThan } from '../../../../activities/synthesize/endpoint/drain.ts';
import {
  BadRequest,
  EndpointUnauthorized,
  EndpointUnavailable,
  EndpointUntrusted,
  type LakeError,
  ModelNotFound,
} from '../../../../lake/errors.ts';
import { client, json, request, serve } from './servers.ts';

describe('a completion', () => {
  test('goes out as it was given, and comes back with the server’s counts', async () => {
    const { url, asked } = await serve((_, response) =>
      json(response, 200, {
        choices: [{ text: 'answer', finish_reason: 'stop' }],
        usage: {
          prompt_tokens: 7,
          completion_tokens: 3,
          prompt_tokens_details: { cached_tokens: 2 },
        },
      }),
    );
    const headers = { 'x-team': 'texts' };
    expect(await client(`${url}/`, { apiKey: 'secret', headers }).complete(request)).toEqual({
      text: 'answer',
      finishReason: 'stop',
      promptTokens: 7,
      cachedTokens: 2,
      completionTokens: 3,
      seconds: expect.closeTo(0, 0),
      tries: 1,
      wastedTokens: 0,
    });
    expect(asked[0]?.url).toBe('/v1/completions');
    expect(asked[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-team': 'texts',
    });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual(request.body);
  });
  test('is named for the server by half of its hash, and anew for each try: 32 hexadecimal digits, as a UUID has', async () => {
    const { url, asked } = await serve((_, response) => json(response, 200, { choices: [{ text: '' }] }));
    const id = '0123456789abcdef'.repeat(4);
    for (const _ of [1, 2]) await client(url).complete({ ...request, id });
    const sent = asked.map(({ headers }) => String(headers['x-request-id']));
    expect(new Set(sent).size).toBe(2);
    for (const each of sent) expect(each).toMatch(/^0123456789abcdef[0-9a-f]{16}$/);
  });
  test.each([
    [400, BadRequest],
    [413, BadRequest],
    [422, BadRequest],
    [401, EndpointUnauthorized],
    [403, EndpointUnauthorized],
    [404, ModelNotFound],
    [429, EndpointUnavailable],
    [500, EndpointUnavailable],
    [503, EndpointUnavailable],
    [307, EndpointUntrusted],
  ])(
    'a status of %i is its own error, which names endpoint and request and not the key',
    async (status, error) => {
      const { url } = await serve((_, response) =>
        json(response, status, { error: { message: 'no' } }, { location: 'http://other/' }),
      );
      const failure = (await client(url, { apiKey: 'secret' })
        .complete(request)
        .catch((cause: unknown) => cause)) as Error;
      expect(failure).toBeInstanceOf(error);
      expect(failure.message).toContain('endpoint gpu, request abc');
      expect(failure.message).not.toContain('secret');
    },
  );
  test('a long Retry-After is handed on in milliseconds, at once', async () => {
    const { url, asked } = await serve((_, response) => json(response, 429, {}, { 'retry-after': '120' }));
    const failure = (await client(url)
      .complete(request)
      .catch((cause: unknown) => cause)) as LakeError;
    expect(failure.context).toMatchObject({ retryAfter: 120_000, tries: 1, replica: new URL(url).host });
    expect(asked).toHaveLength(1);
  });
  test('silence ends at the deadline: when nothing is answered the endpoint is unavailable', async () => {
    const { url } = await serve(() => {});
    await expect(client(url, { timeoutMs: 200 }).complete(request)).rejects.toThrow(/no answer within 0.2 s/);
  }, 20_000);
  test('waiting for a turn does not count against the deadline, and no more than `concurrency` are under way', async () => {
    let now = 0;
    let most = 0;
    const { url } = await serve((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        json(response, 200, { choices: [{ text: 'x' }] });
      }, 60);
    });
    const one = client(url, { concurrency: 2, timeoutMs: 250 });
    await Promise.all(Array.from({ length: 16 }, () => one.complete(request)));
    expect(most).toBe(2);
  });
  test('who is cancelled gets the answer to what is in flight; what waits for its turn is not sent', async () => {
    let answer: (() => void) | undefined;
    const { url, asked } = await serve((_, response) => {
      answer = () => json(response, 200, { choices: [{ text: 'x' }] });
    });
    const one = client(url, { concurrency: 1 });
    const cancel = new AbortController();
    const inFlight = one.complete(request, cancel.signal);
    const waiting = one.complete(request, cancel.signal);
    while (answer === undefined) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    answer();
    expect((await inFlight).text).toBe('x');
    await expect(one.complete(request, cancel.signal)).rejects.toThrow('cancelled');
    expect(asked).toHaveLength(1);
  });
  test('its patience is over after a while', async () => {
    const cancel = new AbortController();
    const patience = laterThan(cancel.signal, 20);
    expect(patience.signal.aborted).toBe(false);
    cancel.abort(new Error('cancelled'));
    expect(patience.signal.aborted).toBe(false);
    await once(patience.signal, 'abort');
    expect(patience.signal.reason).toEqual(new Error('cancelled'));
    const early = laterThan(cancel.signal, 20);
    early.end();
    await once(laterThan(cancel.signal, 40).signal, 'abort');
    expect(early.signal.aborted).toBe(false);
  });
  test('an answer that is no completion is said to be none', async () => {
    const { url } = await serve((_, response) => json(response, 200, { hello: 1 }));
    await expect(client(url).complete(request)).rejects.toThrow(/OpenAI-compatible/);
  }, 20_000);
});

describe('the model', () => {
  const models = (...ids: string[]) =>
    serve((_, response) => json(response, 200, { data: ids.map((id) => ({ id })) }));
  test('is the configured one when it is served, else the only one', async () => {
    const one = await models('a');
    expect(await client(one.url).model()).toBe('a');
    const two = await models('a', 'b');
    expect(await client(two.url, { model: 'b' }).model()).toBe('b');
    await expect(client(two.url, { model: 'c' }).model()).rejects.toThrow(
      /does not serve c \(it has: a, b\)/,
    );
    await expect(client(two.url).model()).rejects.toThrow(ModelNotFound);
  });
});
