import { LakeError, Unanswerable } from '../../../lake/errors.ts';
import type { EndpointSettings } from '../../settings.ts';
import { orAborted, pause } from './abort.ts';
import type { Completion, CompletionRequest } from './completion.ts';
import { openDispatcher } from './dispatcher.ts';
import { laterThan } from './drain.ts';
import { servedModel } from './models.ts';
import type { Failure } from './refusal.ts';
import { openReplica, type Replica } from './replica.ts';
import { type EndpointStatistics, openCounters } from './statistics.ts';
import { afterFailure, noTries, type Tries, waitOf } from './tries.ts';

export type { Completion, CompletionRequest } from './completion.ts';

export interface EndpointClient {
  /** The model to ask for: the configured one when the replicas have it, else the only one they serve. Throws ModelNotFound. */
  model(signal?: AbortSignal): Promise<string>;
  /**
   * Waits for a turn and asks, several times where it must. Throws BadRequest and Unanswerable for one request alone;
   * EndpointUnavailable (with `retryAfter`), EndpointUnauthorized, EndpointUntrusted, ModelNotFound for all. Errors tell
   * in their context how many `tries` went out and what they wasted. When `signal` aborts what waits for its turn is not
   * sent; a request in flight still gets its answer if that comes within a few seconds.
   */
  complete(request: CompletionRequest, signal?: AbortSignal): Promise<Completion>;
  /** The same client for another round: its requests go behind those of the rounds that came before. */
  line(): EndpointClient;
  statistics(): EndpointStatistics;
  close(): Promise<void>;
}

/** How long requests wait for an endpoint that answers nothing before it is left to Temporal's retry. */
const PATIENCE_MS = 15_000;
/** A server that wants to be left alone for longer is left to Temporal's retry. */
const LONGEST_ASKED_MS = 60_000;
/** The question that tells whether an endpoint answers at all. */
const PROBE_MS = 60_000;
const PROBE = {
  '/v1/completions': { prompt: 'Hello' },
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Hello' }] },
};

/**
 * A client of the OpenAI completions protocols that keeps every replica of an endpoint full: all rounds of a worker wait
 * in one queue, and each replica takes from it what its limiter allows. Throws InvalidConfig.
 */
export function openEndpointClient(
  name: string,
  settings: EndpointSettings,
  { patienceMs = PATIENCE_MS }: { patienceMs?: number } = {},
): EndpointClient {
  const replicas = settings.urls.map((url) => openReplica(name, url, settings));
  const counters = openCounters();
  const dispatcher = openDispatcher(name, replicas, { ceiling: settings.concurrency, patienceMs }, counters);
  const timeoutMs = settings.timeoutMs;
  let lines = 0;
  /** When anybody was answered last. */
  let lastAnswer = 0;
  /** Requests that may bring a server down are asked one after the other. */
  let suspects: Promise<unknown> = Promise.resolve();

  /** One turn and what became of it. */
  async function once(
    job: { body: string; request: CompletionRequest; line: number; tries: Tries; avoid: Replica | undefined },
    signal: AbortSignal | undefined,
  ): Promise<{ replica: Replica; outcome: Completion | Failure }> {
    const { body, request, line, tries, avoid } = job;
    const { path, id, affinity } = request;
    const { replica, place } = await dispatcher.turn(
      { line, affinity, avoid, again: tries.count > 0 },
      signal,
    );
    tries.count++;
    counters.sent++;
    request.onSend?.();
    const patience = signal === undefined ? undefined : laterThan(signal);
    try {
      const outcome = await replica.complete(place, { path, body, id, timeoutMs }, patience?.signal);
      if ('kind' in outcome) {
        counters.failed[outcome.kind]++;
        return { replica, outcome };
      }
      counters.answered++;
      lastAnswer = performance.now();
      counters.seconds += outcome.seconds;
      counters.promptTokens += outcome.promptTokens;
      counters.cachedTokens += outcome.cachedTokens;
      counters.completionTokens += outcome.completionTokens;
      return { replica, outcome: { ...outcome, tries: tries.count, wastedTokens: 0 } };
    } finally {
      patience?.end();
      dispatcher.go();
    }
  }
  /** The same when no other suspect is under way. */
  function alone(...args: Parameters<typeof once>): ReturnType<typeof once> {
    const turn = suspects.then(() => once(...args));
    suspects = turn.catch(() => {});
    return orAborted(turn, args[1]);
  }

  async function complete(
    request: CompletionRequest,
    line: number,
    signal?: AbortSignal,
  ): Promise<Completion> {
    signal?.throwIfAborted();
    const body = JSON.stringify(request.body);
    const tries = noTries();
    const first = performance.now();
    let wastedTokens = 0;
    let avoid: Replica | undefined;
    let ask = once;
    // Answers that others get between a failure and the next say that the endpoint is there.
    let answered = counters.answered;
    for (;;) {
      const { replica, outcome } = await ask({ body, request, line, tries, avoid }, signal).catch(
        (error: unknown) => {
          throw told(error, tries, wastedTokens);
        },
      );
      if (!('kind' in outcome)) return { ...outcome, wastedTokens };
      const { kind, error } = outcome;
      if (kind === 'final') throw told(error, tries, wastedTokens);
      const turnedAway = kind === 'refusing' || kind === 'unreachable';
      if (!turnedAway) {
        wastedTokens += request.promptTokens;
        counters.wastedTokens += request.promptTokens;
      }
      const next = afterFailure(tries, kind);
      if (next === 'give up' && (counters.answered > answered || (await answers(request, signal)))) {
        throw told(unanswerable(name, request.id, tries, error), tries, wastedTokens);
      }
      const { retryAfter = 0 } = error.context;
      const quietMs = performance.now() - Math.max(first, lastAnswer);
      const outage = turnedAway && quietMs > patienceMs;
      if (next === 'give up' || next === 'away' || outage || retryAfter > LONGEST_ASKED_MS) {
        throw told(error, tries, wastedTokens);
      }
      answered = counters.answered;
      if (next === 'suspect') ask = alone;
      // What has broken off with one replica is asked of another at once.
      const moves = (kind === 'lost' || kind === 'unreachable') && avoid === undefined && hasOther(replica);
      avoid = replica;
      if (!moves) await pause(waitOf(request.id, tries, retryAfter), signal);
    }
  }
  const hasOther = (replica: Replica): boolean => replicas.some((each) => each !== replica && each.usable);

  /** Whether the endpoint answers anything at all, when nobody else has been answered lately. */
  async function answers({ path, body }: CompletionRequest, signal?: AbortSignal): Promise<boolean> {
    const question = {
      path,
      body: JSON.stringify({ model: body.model, max_tokens: 1, ...PROBE[path] }),
      timeoutMs: Math.min(timeoutMs, PROBE_MS),
    };
    const outcomes = await Promise.all(
      replicas.map((replica) => replica.complete(replica.take(), question, signal)),
    );
    dispatcher.go();
    // One that refuses this question for what is in it is there too.
    return outcomes.some((outcome) => !('kind' in outcome) || outcome.kind === 'final');
  }

  const lineAt = (line: number): EndpointClient => ({
    model: (signal) => servedModel(name, settings, replicas, signal),
    complete: (request, signal) => complete(request, line, signal),
    line: () => lineAt(++lines),
    statistics: () => ({
      ...counters,
      failed: { ...counters.failed },
      inFlight: replicas.reduce((sum, { limiter }) => sum + limiter.inFlight, 0),
      waiting: dispatcher.waiting,
      limit: Math.min(
        settings.concurrency,
        replicas.reduce((sum, { limiter }) => sum + limiter.limit, 0),
      ),
      replicas: replicas.map((each) => ({
        name: each.name,
        state: each.breaker.state,
        inFlight: each.limiter.inFlight,
        limit: each.limiter.limit,
      })),
    }),
    async close() {
      dispatcher.close();
      await Promise.all(replicas.map((each) => each.close()));
    },
  });
  return lineAt(0);
}

function unanswerable(endpoint: string, requestId: string, tries: Tries, last: LakeError): Unanswerable {
  const { replica } = last.context;
  return new Unanswerable(
    `the endpoint failed at this request ${tries.failures} times and answers others; look for its id in the server's log. The last time: ${last.reason}`,
    { endpoint, requestId, ...(replica === undefined ? {} : { replica }) },
    { cause: last },
  );
}

/** The error with what the request has cost in its context. */
function told(error: unknown, { count }: Tries, wastedTokens: number): unknown {
  if (error instanceof LakeError) Object.assign(error.context, { tries: count, wastedTokens });
  return error;
}
