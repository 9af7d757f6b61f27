import {
  BadRequest,
  EndpointUnauthorized,
  EndpointUnavailable,
  EndpointUntrusted,
  type ErrorContext,
  type LakeError,
  ModelNotFound,
  Unanswerable,
} from '../../../lake/errors.ts';

/**
 * How a request to a replica ended without an answer.
 * - `refusing`: it has too much to do (429, 503); nothing is wrong with the request.
 * - `unreachable`: no connection; the request was not sent.
 * - `lost`: the connection broke off.
 * - `timeout`: no answer within the deadline.
 * - `failing`: another status of 5xx, or an answer that is none.
 * - `final`: asking again would not change it: the request itself, the key, the model, the address.
 */
export type FailureKind = 'refusing' | 'unreachable' | 'lost' | 'timeout' | 'failing' | 'final';
export interface Failure {
  kind: FailureKind;
  error: LakeError;
}
export interface Reply {
  status: number;
  body: string;
  retryAfter?: string | undefined;
  location?: string | undefined;
}

/** Whether a request failed for what is in it: others may be answered. */
export const concernsRequest = (error: unknown): error is BadRequest | Unanswerable =>
  error instanceof BadRequest || error instanceof Unanswerable;

/** What a status other than 200 means. `now`: milliseconds since 1970, for Retry-After as a date. */
export function refusalOf(
  { status, body, retryAfter, location }: Reply,
  where: ErrorContext,
  now: number,
): Failure {
  // What a server says may quote the prompt: keep it short and without control characters.
  const said = body.slice(0, 300).replace(/[^\x20-\x7e]+/g, ' ');
  const final = (error: LakeError): Failure => ({ kind: 'final', error });
  switch (status) {
    case 400:
    case 413:
    case 422:
      return final(new BadRequest(`the endpoint refuses the request (${status}): ${said}`, where));
    case 401:
    case 403:
      return final(
        new EndpointUnauthorized(
          `the endpoint refuses the worker's key (${status}); set it in the environment variable that the configuration names`,
          where,
        ),
      );
    case 404:
      return final(new ModelNotFound(`the endpoint knows no such model or path (404): ${said}`, where));
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return final(
        new EndpointUntrusted(
          `the endpoint redirects (${status}) to ${placeOf(location)}; keys and texts do not travel to another place: write the address that answers as its "url"`,
          where,
        ),
      );
    default: {
      const wait = retryAfterMs(retryAfter, now);
      const error = new EndpointUnavailable(
        `the endpoint answers ${status}: ${said}`,
        wait === undefined ? where : { ...where, retryAfter: wait },
      );
      return { kind: status === 429 || status === 503 ? 'refusing' : 'failing', error };
    }
  }
}

/** Longest wait that a server may ask for: an hour. */
const LONGEST_MS = 3_600_000;

/** Retry-After in milliseconds: seconds, or a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_MS);
}

/** Where a redirect goes, without what may be secret in it. */
function placeOf(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return 'another path';
  return new URL(location).origin;
}
