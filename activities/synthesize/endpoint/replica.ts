import { EndpointUnavailable } from '../../../lake/errors.ts';
import { unitHash } from '../../../lake/random.ts';
import type { EndpointSettings } from '../../settings.ts';
import { type Breaker, openBreaker } from './breaker.ts';
import { type Answer, answerOf } from './completion.ts';
import { openConnection, type Question } from './connection.ts';
import { isHealthy } from './health.ts';
import { type Limiter, openLimiter, type Ticket, workOf } from './limiter.ts';
import type { Failure } from './refusal.ts';

/** One server of an endpoint: the way to it, how much it can take, and whether it is well. */
export interface Replica {
  /** Host and port. */
  readonly name: string;
  readonly breaker: Breaker;
  readonly limiter: Limiter;
  /** Whether it is well. */
  readonly usable: boolean;
  /** Whether it should get a request now. */
  readonly room: boolean;
  /** Whether a request is under way that decides whether it is well. */
  readonly onTrial: boolean;
  /** Takes a place in flight; `complete` gives it back. */
  take(): Place;
  /** Rejects only with the reason of `signal`. */
  complete(place: Place, question: Question, signal?: AbortSignal): Promise<Answered | Failure>;
  /** Reads a path, in no one's turn. */
  read(path: string, timeoutMs: number, signal?: AbortSignal): Promise<{ body: string } | Failure>;
  /** Looks after one that is open and whose time has come; `done` is called when something has come of it. */
  check(done: () => void): void;
  close(): Promise<void>;
}

export type Answered = Answer & { seconds: number };
export interface Place {
  ticket: Ticket;
  /** Whether what becomes of the request decides about the replica. */
  trial: boolean;
}

/** Characters of a token, where a server does not count. */
const TOKEN_CHARS = 4;

/** Opens the replica at `url`. Throws InvalidConfig. */
export function openReplica(endpoint: string, url: string, settings: EndpointSettings): Replica {
  const { host: name } = new URL(url);
  const where = { endpoint, replica: name };
  const connection = openConnection(url, settings, where);
  const limiter = openLimiter({ ceiling: settings.concurrency, deadlineMs: settings.timeoutMs });
  const breaker = openBreaker(unitHash('endpoint', 'breaker', url));
  let onTrial = false;
  let checking = false;

  async function look(): Promise<void> {
    // One that refuses is well: only a request can tell whether it still does.
    const healthy = breaker.trouble === 'refusing' || (await isHealthy(connection));
    breaker.checked(healthy, performance.now());
  }
  return {
    name,
    breaker,
    limiter,
    get usable() {
      return breaker.state !== 'open';
    },
    get room() {
      if (breaker.state === 'half-open') return !onTrial;
      return breaker.state === 'closed' && limiter.inFlight < limiter.limit;
    },
    get onTrial() {
      return onTrial;
    },
    take() {
      const trial = breaker.state === 'half-open';
      onTrial ||= trial;
      return { ticket: limiter.start(), trial };
    },
    async complete({ ticket, trial }, question, signal) {
      const sent = performance.now();
      let reply: { body: string } | Failure;
      try {
        reply = await connection.ask(question, signal);
      } catch (reason) {
        limiter.ended(ticket);
        throw reason;
      } finally {
        if (trial) onTrial = false;
      }
      const ms = performance.now() - sent;
      if (!('kind' in reply)) {
        const answer = answerOf(reply.body);
        if (answer !== undefined) {
          const counted = answer.completionTokens > 0 || answer.text === '';
          const completionTokens = counted ? answer.completionTokens : answer.text.length / TOKEN_CHARS;
          limiter.answered(ticket, ms, workOf({ ...answer, completionTokens }));
          breaker.answered();
          return { ...answer, seconds: ms / 1000 };
        }
        reply = noCompletion({ ...where, ...(question.id === undefined ? {} : { requestId: question.id }) });
      }
      const { kind, error } = reply;
      if (kind === 'refusing') limiter.refused(ticket);
      else limiter.ended(ticket);
      if (kind === 'final') breaker.answered();
      else {
        breaker.failed(kind === 'timeout' ? 'failing' : kind, performance.now(), error.context.retryAfter);
      }
      return reply;
    },
    read: (path, timeoutMs, signal) => connection.ask({ path, timeoutMs }, signal),
    check(done) {
      if (checking) return;
      checking = true;
      void look().finally(() => {
        checking = false;
        done();
      });
    },
    close: () => connection.close(),
  };
}

function noCompletion(where: object): Failure {
  const error = new EndpointUnavailable(
    'the answer holds no completion text; is this an OpenAI-compatible server?',
    where,
  );
  return { kind: 'failing', error };
}
