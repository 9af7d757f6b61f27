import type { AttemptFolder } from '../../lake/commit.ts';
import { LakeError } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { attemptOf, type Chunk, type Recorded, readChunks } from './answer-chunks.ts';
import type { Completion, CompletionRequest, EndpointClient } from './endpoint/client.ts';
import type { Entry } from './entry.ts';
import type { Unwritten } from './unwritten.ts';
import { type Gathered, gather, type RoundUsage, roundUsage } from './usage.ts';

/** The answers of one round of one partition, kept in the attempt's folder so that a later attempt asks only for the rest. */
export interface AnswerCache {
  find(request: string): Completion | undefined;
  keep(request: string, answer: Completion): void;
  /** Writes what is held back. Throws StoreUnavailable when the store stays away; it is written once that is back. */
  flush(): Promise<void>;
}

/** The cache of a round, and the meter of what it asks. */
export interface RoundAnswers extends AnswerCache {
  /** The client, its requests counted. A request that is under way already is not sent a second time. */
  metered(client: Pick<EndpointClient, 'complete'>): Pick<EndpointClient, 'complete'>;
  /** What the round took, earlier attempts included, once its entries are made. */
  usage(entries: readonly Entry[]): RoundUsage;
  /** Lines and objects among the chunks that are no answers of ours. */
  damaged: number;
}

/**
 * Opens the cache with what earlier attempts at the same fingerprint left, in the lake or still in this process, and with
 * the answers under the prefixes `before` (of earlier generations, which have paid for them). New chunks go to `enduring`, so
 * that a cancelled round can still flush.
 */
export async function openAnswers(
  { store, enduring, unwritten }: { store: ObjectStore; enduring: ObjectStore; unwritten: Unwritten },
  folder: AttemptFolder,
  round: number,
  before: readonly string[] = [],
): Promise<RoundAnswers> {
  // In this order: what is written meanwhile is met twice, not missed, and counts once.
  const held = unwritten.heldFor(folder.shared);
  const earlier = [...(await readChunks(store, folder.shared)), ...held];
  const { answers: recorded, damaged } = gather(earlier);
  const own: Recorded[] = [];
  const known = new Map([...(await answersOf(store, before, round)), ...recorded]);
  const underWay = new Map<string, Promise<Completion>>();
  let sent = 0;
  /** Sent and without an answer: those in flight, and those that a cancellation has broken off. */
  let open = 0;
  /** Of requests that failed for good. */
  let wastedTokens = 0;
  const state = () => ({ round, sent, open, wastedTokens });
  const log = unwritten.open({
    path: folder.path,
    shared: folder.shared,
    put: (key, body) => enduring.put(key, body),
    state,
  });

  async function ask(
    client: Pick<EndpointClient, 'complete'>,
    request: CompletionRequest,
    signal?: AbortSignal,
  ): Promise<Completion> {
    await log.room(signal);
    signal?.throwIfAborted();
    let tries = 0;
    function onSend(): void {
      if (tries++ === 0) open++;
      sent++;
    }
    try {
      const answer = await client.complete({ ...request, onSend }, signal);
      if (tries === 0) onSend();
      open--;
      return { ...answer, seconds: Math.round(answer.seconds * 1000) / 1000 };
    } catch (error) {
      if (tries > 0 && !signal?.aborted) open--;
      if (error instanceof LakeError) wastedTokens += error.context.wastedTokens ?? 0;
      throw error;
    }
  }
  return {
    find: (request) => known.get(request),
    keep(request, answer) {
      if (known.has(request)) return;
      known.set(request, answer);
      own.push([request, answer]);
      log.keep([request, answer]);
    },
    flush: () => log.flush(),
    metered: (client) => ({
      complete(request, signal) {
        const asked = underWay.get(request.id);
        if (asked !== undefined) return asked;
        const answer = ask(client, request, signal).finally(() => underWay.delete(request.id));
        underWay.set(request.id, answer);
        return answer;
      },
    }),
    usage: (entries) =>
      roundUsage(round, withOwn(earlier, folder, own, { ...state(), atRisk: open }), entries),
    damaged,
  };
}

function withOwn(
  earlier: readonly Chunk[],
  folder: AttemptFolder,
  answers: Recorded[],
  header: Chunk['header'],
): Gathered {
  return gather([...earlier, { attempt: attemptOf(folder.path), number: 0, header, answers, damaged: 0 }]);
}

/** The answers to a round's requests under some prefixes. */
async function answersOf(
  store: ObjectStore,
  prefixes: readonly string[],
  round: number,
): Promise<Map<string, Completion>> {
  const chunks = await Promise.all(prefixes.map((prefix) => readChunks(store, prefix)));
  return gather(chunks.flat().filter(({ header }) => header?.round === round)).answers;
}
