import { setImmediate, setTimeout } from 'node:timers/promises';
import { BadRequest, EndpointUnavailable } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { documentId } from '../../lake/identity.ts';
import type { GeneratorPin } from '../plan/pins.ts';
import type { AnswerCache } from './answers.ts';
import type { Completion, EndpointClient } from './endpoint-client.ts';
import { type Entry, historyOf } from './entry.ts';
import { estimateTokens, splitParts } from './parts.ts';
import { parseCompletion } from './protocol/parse.ts';
import { prompt } from './protocol/prompt.ts';
import type { ScheduledText } from './schedule.ts';

/** Kept free of the window: estimates are upper bounds by tokens of known tokenizers, not of every one. */
const MARGIN = 0.1;

/** An entry with the text it was about, as prompts of later rounds tell it. */
export type Told = Entry & { context: string };

/** A slot's turn in a round: its text, and what the rounds before made of the slot. */
export interface Turn {
  slot: string;
  round: number;
  text: ScheduledText & { text: string };
  before: Told[];
}
export interface RoundDeps {
  client: Pick<EndpointClient, 'complete'>;
  answers: AnswerCache;
  generator: GeneratorPin;
  concurrency: number;
  signal: AbortSignal;
  /** Called after each text, with the requests that really went out for it. */
  onProgress(requests: number): void;
}

/**
 * One synthesis round of one partition: every turn's text (its parts one after the other) is prompted once, turns side
 * by side up to `concurrency`; a turn is taken when one before it has ended. Returns the entries in the order of the
 * turns. A text that the endpoint refuses is set aside with its reason; an endpoint that is gone ends the round with
 * EndpointUnavailable, what was answered kept.
 */
export async function runRound(
  turns: Iterable<Turn> | AsyncIterable<Turn>,
  deps: RoundDeps,
): Promise<Entry[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([deps.signal, failed.signal]);
  const waiting = inOrder(turns);
  const made: Entry[][] = [];
  let taken = 0;
  async function lane(): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const index = taken++;
      const next = await waiting.next();
      if (next.done) return;
      // A turn whose answers are all known waits for nothing: without this the process would, for the whole round.
      await setImmediate();
      signal.throwIfAborted();
      made[index] = await takeTurn(next.value, { ...deps, signal });
    }
  }
  const lanes = Array.from({ length: deps.concurrency }, () =>
    lane().catch((error: unknown) => {
      // The first failure ends the others; what they throw because of it is not the reason.
      if (!signal.aborted) failed.abort(error);
    }),
  );
  await Promise.all(lanes);
  await deps.answers.flush();
  signal.throwIfAborted();
  return made.flat();
}

/** Whoever asks first gets the first, however long it takes to come. */
async function* inOrder(turns: Iterable<Turn> | AsyncIterable<Turn>): AsyncGenerator<Turn, void> {
  yield* turns;
}

/** A text's turn: its parts one after the other, each with what the slot has behind it. */
async function takeTurn(turn: Turn, deps: RoundDeps): Promise<Entry[]> {
  const room = Math.floor((deps.generator.window - deps.generator.newTokens) * (1 - MARGIN));
  const overhead = estimateTokens(prompt([], 'x'));
  const told = [...turn.before];
  const made: Entry[] = [];
  let start = 0;
  let requests = 0;
  for (const [part, context] of splitParts(turn.text.text, room - overhead).entries()) {
    const end = start + Buffer.byteLength(context);
    const asked = await ask(fitting(historyOf(told), context, room), context, deps);
    requests += asked.requests;
    const { pairs, drops } = parseCompletion(asked.answer.text);
    const dropped: Record<string, number> = {};
    for (const { reason } of drops) dropped[reason] = (dropped[reason] ?? 0) + 1;
    const entry: Entry = {
      id: documentId(turn.text.key, turn.text.row, part),
      key: turn.text.key,
      row: turn.text.row,
      part,
      start,
      end,
      slot: turn.slot,
      round: turn.round,
      linked: asked.history > 0 && pairs.length > 0,
      history: asked.history,
      setAside: asked.setAside,
      request: asked.request,
      completion: asked.answer.text,
      finishReason: asked.answer.finishReason,
      promptTokens: asked.answer.promptTokens,
      completionTokens: asked.answer.completionTokens,
      pairs,
      drops: dropped,
    };
    made.push(entry);
    told.push({ ...entry, context });
    start = end;
  }
  deps.onProgress(requests);
  return made;
}

/** As much of the history, newest first, as the window holds beside the context: the oldest round goes first. */
function fitting(history: Told[], context: string, room: number): Told[] {
  let left = room - estimateTokens(prompt([], context));
  let from = history.length;
  for (const round of history.toReversed()) {
    left -= estimateTokens(prompt([round], ''));
    if (left < 0) break;
    from--;
  }
  return history.slice(from);
}

interface Asked {
  answer: Completion;
  history: number;
  request: string;
  requests: number;
  setAside: string | undefined;
}

const NO_ANSWER: Completion = { text: '', finishReason: 'refused', promptTokens: 0, completionTokens: 0 };

/**
 * The answer to one text: from the cache where an earlier attempt had it, else from the endpoint. A refusal is met once
 * by a shorter prompt, without the history; a text refused alone is set aside with what the endpoint said.
 */
async function ask(history: Told[], context: string, deps: RoundDeps): Promise<Asked> {
  let requests = 0;
  let refused: BadRequest | undefined;
  const { model, newTokens, temperature } = deps.generator;
  for (const told of history.length === 0 ? [history] : [history, []]) {
    const text = prompt(told, context);
    const request = requestHash(deps.generator, text);
    let answer = deps.answers.find(request);
    if (answer === undefined) {
      try {
        answer = await persist(() => {
          requests++;
          const call = { model, prompt: text, maxTokens: newTokens, temperature, id: request };
          return deps.client.complete(call, deps.signal);
        }, deps.signal);
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        refused = error;
        continue;
      }
      deps.answers.keep(request, answer);
    }
    return { answer, history: told.length, request, requests, setAside: undefined };
  }
  const request = requestHash(deps.generator, prompt([], context));
  return { answer: NO_ANSWER, history: 0, request, requests, setAside: refused?.message ?? 'refused' };
}

/** The identity of a request (lake.md): the same question to the same model is asked once in a run. */
export function requestHash(generator: GeneratorPin, text: string): string {
  const { name, model, newTokens, temperature, window } = generator;
  return sha256(canonicalJson({ name, model, parameters: { newTokens, temperature, window }, prompt: text }));
}

/** Waits between tries of one request, milliseconds, before the round gives up and Temporal's own retry takes over. */
const WAITS = [500, 2_000];

/** Asks again when the endpoint is briefly unavailable; a wait it asks for that is longer than ours is left to Temporal. */
async function persist(call: () => Promise<Completion>, signal: AbortSignal): Promise<Completion> {
  for (const wait of WAITS) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof EndpointUnavailable)) throw error;
      const asked = error.context.retryAfter ?? 0;
      if (asked > WAITS.reduce((sum, each) => sum + each)) throw error;
      await setTimeout(Math.max(wait, asked), undefined, { signal });
    }
  }
  return call();
}
