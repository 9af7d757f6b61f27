import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { Pool } from 'undici';
import {
  EndpointUnavailable,
  EndpointUntrusted,
  type ErrorContext,
  InvalidConfig,
} from '../../../lake/errors.ts';
import type { EndpointSettings } from '../../settings.ts';
import { onAbort } from './abort.ts';
import { type Failure, refusalOf } from './refusal.ts';

/** The way to one replica. Redirects are not followed: neither a key nor a text travels to another host. */
export interface Connection {
  /** Sends a request; what it rejects with is the reason of `signal`, everything else is a Failure. */
  ask(question: Question, signal?: AbortSignal): Promise<{ body: string } | Failure>;
  close(): Promise<void>;
}
export interface Question {
  path: string;
  /** A JSON text to post; without it the path is read. */
  body?: string;
  /** `X-Request-Id` begins with it. */
  id?: string;
  /** Milliseconds from sending to the last byte of the answer. */
  timeoutMs: number;
}

const CONNECT_MS = 10_000;

/**
 * A request's id for the server: the first half of its hash, and a half of its own for each try. vLLM answers 400 to an
 * id that it still has under way, as after a lost connection. 32 hexadecimal digits can be read as a UUID, without which
 * others (llama-cpp-python's server) answer 400.
 */
const headerId = (hash: string): string => hash.slice(0, 16) + randomBytes(8).toString('hex');

/** Opens the way to the replica at `url`. Throws InvalidConfig when its `ca` file cannot be read. */
export function openConnection(url: string, settings: EndpointSettings, where: ErrorContext): Connection {
  const { origin, pathname } = new URL(url);
  const prefix = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: settings.concurrency,
    // The deadline is one for the whole answer, and ours.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Said here, no variable of the environment can turn it off.
    connect: { timeout: CONNECT_MS, rejectUnauthorized: true, ...authorities(settings.ca) },
  });
  const headers: Record<string, string> = {
    ...settings.headers,
    ...(settings.apiKey === undefined ? {} : { authorization: `Bearer ${settings.apiKey}` }),
  };

  return {
    async ask({ path, body, id, timeoutMs }, signal) {
      const here = id === undefined ? where : { ...where, requestId: id };
      const stop = new AbortController();
      let late = false;
      const deadline = setTimeout(() => {
        late = true;
        stop.abort();
      }, timeoutMs);
      const off = onAbort(signal, () => stop.abort());
      try {
        signal?.throwIfAborted();
        const answer = await pool.request({
          path: prefix + path,
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(id === undefined ? {} : { 'x-request-id': headerId(id) }),
          },
          body: body ?? null,
          signal: stop.signal,
        });
        const text = await answer.body.text();
        if (answer.statusCode === 200) return { body: text };
        const retryAfter = first(answer.headers['retry-after']);
        const location = first(answer.headers.location);
        return refusalOf({ status: answer.statusCode, body: text, retryAfter, location }, here, Date.now());
      } catch (cause) {
        if (signal?.aborted) throw signal.reason;
        return late ? timedOut(timeoutMs, here) : brokenOff(cause, here);
      } finally {
        clearTimeout(deadline);
        off();
      }
    },
    close: () => pool.destroy(),
  };
}

/** The authorities that are trusted: those of Node, and those of a file of the configuration. */
function authorities(file: string | undefined): { ca?: string[] } {
  if (file === undefined) return {};
  try {
    return { ca: [...rootCertificates, readFileSync(file, 'utf8')] };
  } catch (cause) {
    throw new InvalidConfig(`the "ca" file ${file} of an endpoint cannot be read`, {}, { cause });
  }
}

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

function timedOut(timeoutMs: number, where: ErrorContext): Failure {
  const error = new EndpointUnavailable(
    `the inference endpoint does not answer: no answer within ${timeoutMs / 1000} s`,
    where,
  );
  return { kind: 'timeout', error };
}

/** Codes of Node and undici for connections that never came to be. */
const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/;

function brokenOff(cause: unknown, where: ErrorContext): Failure {
  const code = codeOf(cause);
  const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  if (UNTRUSTED.test(code)) {
    const error = new EndpointUntrusted(
      `the endpoint's certificate does not verify (${code}): ${why}; have it renewed, or name the file of its authority as "ca"`,
      where,
      { cause },
    );
    return { kind: 'final', error };
  }
  const error = new EndpointUnavailable(`the inference endpoint does not answer: ${why}`, where, { cause });
  return { kind: UNREACHABLE.test(code) ? 'unreachable' : 'lost', error };
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
