import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach } from 'vitest';
import type { EndpointSettings } from '../../../../activities/settings.ts';
import {
  type EndpointClient,
  openEndpointClient,
} from '../../../../activities/synthesize/endpoint/client.ts';
import { listening } from '../../../listening.ts';

/** What is closed after each test. */
export const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

export interface Asked {
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}
export interface TestServer {
  url: string;
  asked: Asked[];
  /** Gone as a server that has crashed, and back at the same address. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** A server that answers as told, and what it was asked. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<TestServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked.push({ url: request.url ?? '', headers: request.headers, body });
    answer(request, response, body);
  });
  const { url, down, up } = await listening(server);
  open.push(down);
  return { url, asked, down, up };
}

/** A client with little patience, closed after the test. */
export function client(url: string | string[], more: Partial<EndpointSettings> = {}): EndpointClient {
  const urls = [url].flat();
  const settings = { urls, concurrency: 4, timeoutMs: 2_000, window: 4096, newTokens: 400, ...more };
  const made = openEndpointClient('gpu', settings, { patienceMs: 1_000 });
  open.push(() => made.close());
  return made;
}

export const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};
export const answer = (response: ServerResponse, text = 'x'): void =>
  json(response, 200, { choices: [{ text, finish_reason: 'stop' }] });

export const request = {
  path: '/v1/completions' as const,
  body: { model: 'm', prompt: '<s> <CON> x </CON>\n\n' },
  id: 'abc',
  affinity: 'slot',
  promptTokens: 9,
  maxTokens: 400,
};
/** A request of its own, with a prompt by which the server knows it. */
export const asking = (prompt: string) => ({
  ...request,
  id: prompt,
  affinity: prompt,
  body: { model: 'm', prompt },
});
/** What a promise was rejected with. */
export const failureOf = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};
