import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCompletion } from '../../../activities/synthesize/protocol/parse.ts';
import { prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import { minePairs } from '../../../activities/synthesize/rules/mine.ts';
import { type Endpoint, openEndpoint } from '../../../client/endpoint/server.ts';
import { countTokens, cutTokens } from '../../../client/endpoint/tokens.ts';
import { RULES_MODEL } from '../../../workflows/contract.ts';
import { BONDS, HEART, VACCINES } from '../../activities/synthesize/rules/passages.ts';

interface Answer {
  choices: { index: number; text: string; finish_reason: string }[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  model: string;
  object: string;
}

let endpoint: Endpoint;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(async () => {
  await endpoint.close();
});

function post(body: unknown, headers: Record<string, string> = {}, url = endpoint.url): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });
}

async function ask(body: Record<string, unknown>): Promise<Answer> {
  const response = await post({
    model: RULES_MODEL,
    max_tokens: 2000,
    temperature: 0,
    add_special_tokens: false,
    ...body,
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

const onlyChoice = ({ choices: [choice] }: Answer) => choice ?? { text: 'none', finish_reason: 'none' };

describe('completions', () => {
  it('answers the last context with its mined pairs', async () => {
    const pairs = minePairs(HEART);
    const history = [{ context: HEART, pairs }];
    for (const [asked, text] of [
      [prompt([], HEART), HEART],
      [prompt(history, BONDS), BONDS],
      [prompt([...history, { context: BONDS, pairs: [] }], VACCINES), VACCINES],
    ] as const) {
      const answer = await ask({ prompt: asked });
      const { text: completion, finish_reason } = onlyChoice(answer);
      expect(completion).toMatch(/^ <QUE> /);
      expect(parseCompletion(completion)).toEqual({ pairs: minePairs(text), drops: [] });
      expect(finish_reason).toBe('stop');
      expect(answer.usage).toEqual({
        prompt_tokens: countTokens(asked),
        completion_tokens: countTokens(completion),
        total_tokens: countTokens(asked) + countTokens(completion),
      });
      expect([answer.model, answer.object]).toEqual([RULES_MODEL, 'text_completion']);
      expect(onlyChoice(await ask({ prompt: asked })).text).toBe(completion);
    }
  });

  it('answers several prompts in order', async () => {
    const { choices } = await ask({ prompt: [HEART, BONDS].map((text) => prompt([], text)) });
    expect(choices.map(({ index, text }) => [index, parseCompletion(text).pairs])).toEqual([
      [0, minePairs(HEART)],
      [1, minePairs(BONDS)],
    ]);
  });

  it('cuts at max_tokens and says so', async () => {
    const whole = onlyChoice(await ask({ prompt: prompt([], HEART) })).text;
    const answer = await ask({ prompt: prompt([], HEART), max_tokens: 60 });
    const { text, finish_reason } = onlyChoice(answer);
    expect(finish_reason).toBe('length');
    expect(whole.startsWith(text)).toBe(true);
    expect(answer.usage.completion_tokens).toBe(60);
    expect(parseCompletion(text).drops.map(({ reason }) => reason)).toEqual(['incomplete']);
  });

  it('ends before a stop string', async () => {
    const whole = onlyChoice(await ask({ prompt: prompt([], HEART) })).text;
    for (const stop of ['</END>', ['never', '</END>']]) {
      const { text, finish_reason } = onlyChoice(await ask({ prompt: prompt([], HEART), stop }));
      expect([text, finish_reason]).toEqual([whole.slice(0, whole.indexOf('</END>')), 'stop']);
    }
  });

  it('has nothing to say without a context', async () => {
    for (const asked of ['Hello', '<s>', '<s> <CON>  </CON>\n\n']) {
      expect(onlyChoice(await ask({ prompt: asked }))).toMatchObject({ text: '', finish_reason: 'stop' });
    }
  });
});

describe('refusals', () => {
  const good = { model: RULES_MODEL, prompt: 'x' };
  it.each([
    ['bad JSON', '{', 400, 'invalid_json'],
    ['no object', '[]', 400, 'invalid_value'],
    ['no model', { prompt: 'x' }, 400, 'invalid_value'],
    ['another model', { ...good, model: 'gpt' }, 404, 'model_not_found'],
    ['no prompt', { model: RULES_MODEL }, 400, 'invalid_value'],
    ['token ids', { ...good, prompt: [1, 2] }, 400, 'token_ids'],
    ['lists of token ids', { ...good, prompt: [[1, 2]] }, 400, 'token_ids'],
    ['no tokens', { ...good, max_tokens: 0 }, 400, 'invalid_value'],
    ['streaming', { ...good, stream: true }, 400, 'unsupported_value'],
    ['several choices', { ...good, n: 2 }, 400, 'unsupported_value'],
    [
      'more than the window',
      { ...good, prompt: 'x'.repeat(4 * 4000), max_tokens: 97 },
      400,
      'context_length_exceeded',
    ],
    ['too large a body', { ...good, prompt: 'x'.repeat(5 << 20) }, 413, 'body_too_large'],
  ])('refuses %s', async (_name, body, status, code) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { message: string; type: string; code: string } };
    expect(error).toMatchObject({ type: 'invalid_request_error', code });
    expect(error.message).not.toBe('');
  });

  it('takes what just fits the window', async () => {
    await ask({ prompt: 'x'.repeat(4 * 4000), max_tokens: 96 });
  });

  it('knows its paths and their methods', async () => {
    expect((await fetch(`${endpoint.url}/v1/chat/completions`, { method: 'POST' })).status).toBe(404);
    const response = await fetch(`${endpoint.url}/v1/completions`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

it('lists its model and its health', async () => {
  const models = (await (await fetch(`${endpoint.url}/v1/models`)).json()) as { data: { id: string }[] };
  expect(models.data.map(({ id }) => id)).toEqual(['instruct-lake-rules']);
  expect((await fetch(`${endpoint.url}/health?x=1`)).status).toBe(200);
});

it('asks for its key', async () => {
  const locked = await openEndpoint({ apiKey: 'secret' });
  try {
    const body = { model: RULES_MODEL, prompt: 'x' };
    const statuses = await Promise.all(
      [{}, { authorization: 'Bearer wrong' }, { authorization: 'Bearer secret' }].map(
        async (headers) => (await post(body, headers as Record<string, string>, locked.url)).status,
      ),
    );
    expect(statuses).toEqual([401, 401, 200]);
    expect((await fetch(`${locked.url}/v1/models`)).status).toBe(401);
    expect((await fetch(`${locked.url}/health`)).status).toBe(200);
  } finally {
    await locked.close();
  }
});

it('listens on the loopback address alone, and says when a port is taken', async () => {
  expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await expect(openEndpoint({ port: Number(new URL(endpoint.url).port) })).rejects.toThrow('EADDRINUSE');
});

it('holds completions back, but nothing else, and closes with answers outstanding', async () => {
  const slow = await openEndpoint({ delayMs: 60_000 });
  expect((await fetch(`${slow.url}/v1/models`)).status).toBe(200);
  const outstanding = post({ model: RULES_MODEL, prompt: 'x' }, {}, slow.url).then(
    () => 'answered',
    () => 'broken off',
  );
  // The request is surely in once a later one on another connection has been answered.
  await fetch(`${slow.url}/health`);
  await slow.close();
  expect(await outstanding).toBe('broken off');
});

it('outlives a client that hangs up', async () => {
  const { port } = new URL(endpoint.url);
  await new Promise<void>((resolve) => {
    const broken = request({
      port,
      host: '127.0.0.1',
      path: '/v1/completions',
      method: 'POST',
      headers: { 'content-length': '100' },
    });
    broken.on('error', () => resolve());
    broken.write('{"model"', () => broken.destroy());
    broken.on('close', () => resolve());
  });
  expect((await fetch(`${endpoint.url}/health`)).status).toBe(200);
});

it('counts four bytes a token and cuts between characters', () => {
  expect([countTokens(''), countTokens('abcd'), countTokens('abcde'), countTokens('骨')]).toEqual([
    0, 1, 2, 1,
  ]);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, limit) => {
      const cut = cutTokens(text, limit);
      expect(text.startsWith(cut)).toBe(true);
      expect(countTokens(cut)).toBeLessThanOrEqual(limit);
      // Nothing more would have fitted: the next character is what is too long.
      const next = [...text.slice(cut.length)][0] ?? '';
      if (next !== '') expect(Buffer.byteLength(cut + next)).toBeGreaterThan(limit * 4);
    }),
  );
});
