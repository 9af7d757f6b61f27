import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { Agent, request } from 'undici';
import {
  BadRequest,
  EndpointUnauthorized,
  EndpointUnavailable,
  type ErrorContext,
  type LakeError,
  ModelNotFound,
} from '../../../lake/errors.ts';
import type { EndpointSettings } from '../../settings.ts';
import { laterThan } from './drain.ts';

/** One answer of an endpoint, with the server's own token counts. */
export interface Completion {
  text: string;
  finishReason: string;
  promptTokens: number;
  /** Of the prompt's tokens, those that the server had in its prefix cache; 0 where it does not say. */
  cachedTokens: number;
  completionTokens: number;
  /** Seconds from the first try to the answer. */
  seconds?: number;
  /** Tokens of tries that failed, where that is known. */
  wastedTokens?: number;
}
export interface CompletionRequest {
  path: '/v1/completions' | '/v1/chat/completions';
  /** The whole body, the model in it. */
  body: Record<string, unknown>;
  /** The request's hash: named in errors; what is sent as `X-Request-Id` begins with it. */
  id: string;
  /** Requests whose prompts begin alike have the same; a replica that has seen one serves the others sooner. */
  affinity: string;
  /** Tokens of the prompt (or an upper estimate) and of the answer at most: what the request may cost the server. */
  promptTokens: number;
  maxTokens: number;
  /** Called each time that it really goes out: what waits for a turn here has cost nothing yet. */
  onSend?: () => void;
}
export interface EndpointClient {
  /** The model to ask for: the configured one when the server has it, else the only one it serves. Throws ModelNotFound. */
  model(signal?: AbortSignal): Promise<string>;
  /**
   * Throws BadRequest, EndpointUnavailable (with `retryAfter`), EndpointUnauthorized, ModelNotFound. When `signal` aborts
   * what waits for its turn is not sent; a request in flight still gets its answer if that comes within a few seconds.
   */
  complete(request: CompletionRequest, signal?: AbortSignal): Promise<Completion>;
  close(): Promise<void>;
}

/**
 * A client of the OpenAI completions protocols. Redirects are not followed: a key must not travel to another host.
 */
export function openEndpointClient(name: string, settings: EndpointSettings): EndpointClient {
  const base = (settings.urls[0] ?? '').replace(/\/+$/, '');
  const agent = new Agent({
    connections: settings.concurrency,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
    connectTimeout: 10_000,
  });
  /** Waiting for a turn here does not count against a request's deadline. */
  const limit = pLimit(settings.concurrency);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...(settings.apiKey === undefined ? {} : { authorization: `Bearer ${settings.apiKey}` }),
  };

  async function call(
    path: string,
    body: unknown,
    where: ErrorContext,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const deadline = AbortSignal.timeout(settings.timeoutMs);
    try {
      const answer = await request(`${base}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers:
          where.requestId === undefined ? headers : { ...headers, 'x-request-id': headerId(where.requestId) },
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: agent,
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) {
        throw refusal(answer.statusCode, text, answer.headers['retry-after'], where);
      }
      return JSON.parse(text) as unknown;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      if (cause instanceof Error && 'family' in cause) throw cause;
      const why = deadline.aborted
        ? `no answer within ${settings.timeoutMs / 1000} s`
        : cause instanceof Error
          ? `${cause.name}: ${cause.message}`
          : String(cause);
      throw new EndpointUnavailable(`the inference endpoint does not answer: ${why}`, where, { cause });
    }
  }

  return {
    async model(signal) {
      const where = { endpoint: name };
      const answer = (await call('/v1/models', undefined, where, signal)) as { data?: { id?: unknown }[] };
      const served = (answer.data ?? []).map((each) => String(each.id));
      const wanted = settings.model ?? (served.length === 1 ? served[0] : undefined);
      if (wanted === undefined) {
        throw new ModelNotFound(
          `the endpoint serves ${served.length} models (${served.join(', ')}); name one as "model" in the worker's configuration`,
          where,
        );
      }
      if (!served.includes(wanted)) {
        throw new ModelNotFound(
          `the endpoint does not serve ${wanted} (it has: ${served.join(', ')})`,
          where,
        );
      }
      return wanted;
    },
    async complete({ path, body, id, onSend }, signal) {
      signal?.throwIfAborted();
      const where = { endpoint: name, requestId: id };
      // As many listen as a round has requests.
      if (signal !== undefined) setMaxListeners(0, signal);
      let sent = false;
      const turn = limit(async () => {
        signal?.throwIfAborted();
        sent = true;
        onSend?.();
        const patience = signal === undefined ? undefined : laterThan(signal);
        try {
          return completionOf(await call(path, body, where, patience?.signal), where);
        } finally {
          patience?.end();
        }
      });
      return signal === undefined ? turn : unlessWaiting(turn, signal, () => !sent);
    },
    close: () => agent.destroy(),
  };
}

/**
 * A request's id for the server: the first half of its hash, and a half of its own for each try. vLLM answers 400 to an
 * id that it still has under way, as after a lost connection. 32 hexadecimal digits can be read as a UUID, without which
 * others (llama-cpp-python's server) answer 400.
 */
const headerId = (hash: string): string => hash.slice(0, 16) + randomBytes(8).toString('hex');

/** A turn may be far off, behind requests of others: who is cancelled does not wait for it. */
function unlessWaiting<T>(turn: Promise<T>, signal: AbortSignal, waits: () => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => (waits() ? reject(signal.reason) : undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    turn.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function completionOf(answer: unknown, where: ErrorContext): Completion {
  const { choices, usage } = answer as {
    choices?: { text?: unknown; message?: { content?: unknown }; finish_reason?: unknown }[];
    usage?: {
      prompt_tokens?: unknown;
      completion_tokens?: unknown;
      prompt_tokens_details?: { cached_tokens?: unknown } | null;
    };
  };
  const choice = choices?.[0];
  // A chat model that said nothing (it was still thinking, or declined) has null for its content.
  const text = choice?.text ?? (choice?.message?.content === null ? '' : choice?.message?.content);
  if (typeof text !== 'string') {
    throw new EndpointUnavailable(
      'the answer holds no completion text; is this an OpenAI-compatible server?',
      where,
    );
  }
  return {
    text,
    finishReason: typeof choice?.finish_reason === 'string' ? choice.finish_reason : 'unknown',
    promptTokens: count(usage?.prompt_tokens),
    cachedTokens: count(usage?.prompt_tokens_details?.cached_tokens),
    completionTokens: count(usage?.completion_tokens),
  };
}

const count = (value: unknown): number => (typeof value === 'number' && value >= 0 ? Math.floor(value) : 0);

function refusal(
  status: number,
  body: string,
  retryAfter: string | string[] | undefined,
  where: ErrorContext,
): LakeError {
  // What a server says may quote the prompt: keep it short and without control characters.
  const said = body.slice(0, 300).replace(/[^\x20-\x7e]+/g, ' ');
  switch (status) {
    case 400:
    case 413:
    case 422:
      return new BadRequest(`the endpoint refuses the request (${status}): ${said}`, where);
    case 401:
    case 403:
      return new EndpointUnauthorized(
        `the endpoint refuses the worker's key (${status}); set it in the environment variable that the configuration names`,
        where,
      );
    case 404:
      return new ModelNotFound(`the endpoint knows no such model or path (404): ${said}`, where);
    default: {
      const wait = retryAfterMs(retryAfter);
      return new EndpointUnavailable(
        `the endpoint answers ${status}: ${said}`,
        wait === undefined ? where : { ...where, retryAfter: wait },
      );
    }
  }
}

/** Retry-After in seconds (RFC 9110 section 10.2.3); its date form is left to our own backoff. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}
