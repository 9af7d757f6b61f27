import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../lake/errors.ts';
import { openS3, type S3Settings, type S3Store } from '../../lake/s3.ts';
import { listening } from '../listening.ts';

/** A server that takes requests and leaves it to each test what becomes of them. */
let server: Server;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let settings: S3Settings;
let store: S3Store;
beforeEach(async () => {
  asked = [];
  answer = () => {};
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    request.resume();
    answer(request, response);
  });
  const { url } = await listening(server);
  settings = {
    bucket: 'lake',
    region: 'us-east-1',
    endpoint: url,
    forcePathStyle: true,
    accessKeyId: 'id',
    secretAccessKey: 'secret',
  };
  store = openS3(settings, { idleMs: 300 });
});
afterEach(async () => {
  store.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a store that falls silent is an outage and not a hang', () => {
  test('before it answers: the request is tried four times', async () => {
    await expect(store.get('some/key')).rejects.toThrow(StoreUnavailable);
    expect(asked).toEqual(Array(4).fill('GET /lake/some/key'));
  });

  test('in the middle of its answer', async () => {
    answer = (_, response) => {
      response.writeHead(200, { etag: '"e"', 'content-length': '100' }).write('some of it');
    };
    await expect(store.get('some/key')).rejects.toThrow(StoreUnavailable);
  });

  test('but one that is slow, and goes on, is waited for', async () => {
    answer = (_, response) => {
      response.writeHead(200, { etag: '"e"', 'content-length': '5' });
      let sent = 0;
      const timer = setInterval(() => {
        response.write('x');
        if (++sent === 5) clearInterval(timer);
      }, 150);
    };
    expect(new TextDecoder().decode(await store.get('some/key'))).toBe('xxxxx');
  });
});

describe('a task that is cancelled', () => {
  const reason = new Error('the task was cancelled');
  const patient = (): S3Store => openS3(settings);
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield new Uint8Array(2 ** 20);
  }

  test.each([
    ['get', (s: ReturnType<S3Store['during']>) => s.get('k')],
    ['find', (s: ReturnType<S3Store['during']>) => s.find('k')],
    ['head', (s: ReturnType<S3Store['during']>) => s.head('k')],
    ['list', (s: ReturnType<S3Store['during']>) => s.list('k')[Symbol.asyncIterator]().next()],
    ['put', (s: ReturnType<S3Store['during']>) => s.put('k', 'body')],
    ['write', (s: ReturnType<S3Store['during']>) => s.write('k', endless())],
  ])('%s ends with the reason, whatever the store does', async (_, operation) => {
    const all = patient();
    const cancel = new AbortController();
    answer = () => cancel.abort(reason);
    await expect(operation(all.during(cancel.signal))).rejects.toBe(reason);
    all.close();
  });

  test('a put that the store carries out meanwhile is known to be done', async () => {
    const all = patient();
    const cancel = new AbortController();
    answer = (_, response) => {
      cancel.abort(reason);
      setTimeout(() => response.writeHead(200, { etag: '"e"' }).end(), 200);
    };
    expect(await all.during(cancel.signal).put('k', 'body')).toBe('written');
    all.close();
  });

  test('takes nothing from the requests of others', async () => {
    const all = patient();
    const cancel = new AbortController();
    const held: ServerResponse[] = [];
    answer = (_, response) => {
      held.push(response);
      if (held.length < 2) return;
      cancel.abort(reason);
      for (const each of held)
        if (!each.destroyed) each.writeHead(200, { etag: '"e"', 'content-length': 2 }).end('ok');
    };
    const mine = all.during(cancel.signal).get('mine');
    const theirs = all.get('theirs');
    await expect(mine).rejects.toBe(reason);
    expect(new TextDecoder().decode(await theirs)).toBe('ok');
    all.close();
  });
});

test('a failure of what makes the bytes of an object is thrown as it is, not as an outage of the store', async () => {
  answer = (_, response) => response.end();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(2 ** 20);
    throw new TypeError('a bug of ours');
  }
  await expect(store.write('some/key', body())).rejects.toThrow(new TypeError('a bug of ours'));
});
