import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../lake/hash.ts';
import { RULES_MODEL } from '../../workflows/contract.ts';
import { type Completion, complete } from './complete.ts';
import { type ApiError, badRequest, readRequest } from './request.ts';
import { countTokens } from './tokens.ts';

/** Prompt and completion together, in tokens of `countTokens`: the window of the published synthesizer. */
const DEFAULT_WINDOW = 4096;
/** Bytes of a request's body at most. */
const BODY_LIMIT = 4 << 20;

export interface EndpointOptions {
  /** Address to listen on; the loopback address by default. */
  host?: string;
  /** 0, the default: any free port. */
  port?: number;
  /** With a key, `/v1/…` asks for `Authorization: Bearer <key>`. */
  apiKey?: string;
  /** Milliseconds that a completion is held back, to stand in for a model's time. */
  delayMs?: number;
  /** Tokens that a prompt and its completion may have together. */
  window?: number;
}

export interface Endpoint {
  /** Base address without a path, e.g. `http://127.0.0.1:8100`; the protocol's paths start with `/v1`. */
  url: string;
  /** Stops listening and ends every connection; answers not yet sent are lost. */
  close(): Promise<void>;
}

interface Reply {
  status: number;
  body: unknown;
  /** A model would have worked for it. */
  generated?: boolean;
  headers?: Record<string, string>;
}

/**
 * Starts the embedded synthesizer: an HTTP server that speaks the OpenAI completions protocol (`/v1/completions`,
 * `/v1/models`, `/health`) and answers the tag protocol by rules. Rejects when the address cannot be bound.
 */
export async function openEndpoint(options: EndpointOptions = {}): Promise<Endpoint> {
  const server = createServer((request, response) => {
    handle(request, options).then(
      (reply) => deliver(response, reply, reply.generated ? (options.delayMs ?? 0) : 0),
      // The request broke off before its body was complete: nobody is left to answer.
      () => response.destroy(),
    );
  });
  const host = options.host ?? '127.0.0.1';
  const { port } = await listen(server, host, options.port ?? 0);
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close: () => shut(server) };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error(`no port at ${host}`));
      else resolve(address);
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function handle(request: IncomingMessage, options: EndpointOptions): Promise<Reply> {
  const path = (request.url ?? '/').split('?')[0];
  const method = ROUTES.get(path ?? '');
  if (method === undefined) return failure(notFound(path ?? ''));
  if (request.method !== method) {
    return { ...failure(notAllowed(request.method ?? '', method)), headers: { allow: method } };
  }
  if (path === '/health') return { status: 200, body: { status: 'ok' } };
  if (!authorized(request, options.apiKey)) return failure(UNAUTHORIZED);
  const window = options.window ?? DEFAULT_WINDOW;
  if (path === '/v1/models') return { status: 200, body: models(window) };
  const body = await readBody(request);
  if (body === undefined) return { ...failure(TOO_LARGE), headers: { connection: 'close' } };
  return completions(body, window);
}

const ROUTES = new Map([
  ['/health', 'GET'],
  ['/v1/models', 'GET'],
  ['/v1/completions', 'POST'],
]);

function completions(body: string, window: number): Reply {
  const asked = readRequest(body, RULES_MODEL);
  if ('status' in asked) return failure(asked);
  const longest = Math.max(...asked.prompts.map(countTokens));
  if (longest + asked.maxTokens > window) return failure(overWindow(longest, asked.maxTokens, window));
  const done = asked.prompts.map((prompt) => complete(prompt, asked));
  return {
    status: 200,
    generated: true,
    body: {
      id: `cmpl-${sha256(body).slice(0, 24)}`,
      object: 'text_completion',
      created: Math.floor(Date.now() / 1000),
      model: RULES_MODEL,
      choices: done.map(({ text, finish }, index) => ({
        index,
        text,
        logprobs: null,
        finish_reason: finish,
      })),
      usage: usage(done),
    },
  };
}

function usage(done: readonly Completion[]): Record<string, number> {
  const prompt = done.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  const completion = done.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function models(window: number): unknown {
  const model = {
    id: RULES_MODEL,
    object: 'model',
    created: 0,
    owned_by: 'instruct-lake',
    max_model_len: window,
  };
  return { object: 'list', data: [model] };
}

/** Compared as hashes, so that the time taken tells nothing about the key. */
function authorized(request: IncomingMessage, apiKey: string | undefined): boolean {
  if (apiKey === undefined) return true;
  return sha256(request.headers.authorization ?? '') === sha256(`Bearer ${apiKey}`);
}

/** The body as text; nothing when it is larger than the limit. Rejects when the connection breaks off. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Read on without keeping: a client that still sends would not see the answer otherwise.
    if (size <= BODY_LIMIT) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= BODY_LIMIT ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function deliver(response: ServerResponse, reply: Reply, delayMs: number): void {
  if (response.destroyed) return;
  if (delayMs <= 0) {
    send(response, reply);
    return;
  }
  const timer = setTimeout(() => send(response, reply), delayMs);
  response.once('close', () => clearTimeout(timer));
}

function send(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(JSON.stringify(reply.body));
  response.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...reply.headers,
  });
  response.end(body);
}

function failure({ status, message, type, code }: ApiError): Reply {
  return { status, body: { error: { message, type, code } } };
}

const UNAUTHORIZED: ApiError = {
  status: 401,
  message: 'the API key is missing or wrong: send `Authorization: Bearer <key>`',
  type: 'authentication_error',
  code: 'invalid_api_key',
};

const TOO_LARGE: ApiError = {
  status: 413,
  message: `the body is larger than ${BODY_LIMIT} bytes`,
  type: 'invalid_request_error',
  code: 'body_too_large',
};

function notFound(path: string): ApiError {
  const message = `there is nothing at ${path}; see /v1/completions, /v1/models, /health`;
  return { status: 404, message, type: 'invalid_request_error', code: 'not_found' };
}

function notAllowed(method: string, allowed: string): ApiError {
  const message = `${method} is not allowed here, ${allowed} is`;
  return { status: 405, message, type: 'invalid_request_error', code: 'method_not_allowed' };
}

function overWindow(prompt: number, completion: number, window: number): ApiError {
  const message =
    `this model's maximum context length is ${window} tokens; you asked for ${prompt + completion} ` +
    `(${prompt} in the prompt, ${completion} in the completion)`;
  return badRequest(message, 'context_length_exceeded');
}
