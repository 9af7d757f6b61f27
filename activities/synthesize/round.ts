import { setImmediate } from 'node:timers/promises';
import { BadRequest, Unanswerable } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { documentId } from '../../lake/identity.ts';
import type { GeneratorPin } from '../plan/pins.ts';
import type { AnswerCache } from './answers.ts';
import type { Completion, CompletionRequest, EndpointClient } from './endpoint/client.ts';
import { type Entry, historyOf } from './entry.ts';
import type { Ask, Generator } from './generators/generator.ts';
import type { ScheduledText } from './schedule.ts';

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
  generator: Generator;
  /** What the requests' hashes cover besides the prompts. */
  pin: GeneratorPin;
  concurrency: number;
  signal: AbortSignal;
  /** Called after each text, with the requests that really went out for it. */
  onProgress(requests: number): void;
}

/**
 * One synthesis round of one partition: every turn's text (its parts one after the other) is prompted once, turns side
 * by side up to `concurrency`; a turn is taken when one before it has ended. Returns the entries in the order of the
 * turns. A text that the endpoint refuses, or cannot answer while it answers others, is set aside with its reason; an endpoint that is gone ends the round with
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
  const told = [...turn.before];
  const made: Entry[] = [];
  let start = 0;
  let requests = 0;
  for (const [part, context] of (await deps.generator.parts(turn.text.text)).entries()) {
    const end = start + Buffer.byteLength(context);
    const asked = await askAbout(historyOf(told), context, turn.slot, deps);
    requests += asked.requests;
    const { pairs, drops } = deps.generator.parse(asked.answer.text);
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

interface Answered {
  answer: Completion;
  history: number;
  request: string;
  requests: number;
  setAside: string | undefined;
}

const NO_ANSWER: Completion = {
  text: '',
  finishReason: 'refused',
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  seconds: 0,
  tries: 0,
  wastedTokens: 0,
};

/**
 * The answer to one text: from the cache where an earlier attempt had it, else from the endpoint. A refusal is met once
 * by a shorter prompt, without the history; a text refused alone is set aside with what the endpoint said.
 */
async function askAbout(history: Told[], context: string, slot: string, deps: RoundDeps): Promise<Answered> {
  const { generator, pin } = deps;
  let requests = 0;
  for (let told: readonly Told[] = history; ; told = []) {
    const asked = await generator.ask(told, context, slot);
    const request = requestHash(pin, asked.ask);
    let answer = deps.answers.find(request);
    if (answer === undefined) {
      try {
        answer = await deps.client.complete(requestOf(pin, asked.ask, request, slot), deps.signal);
        requests += answer.tries;
      } catch (error) {
        if (!(error instanceof BadRequest || error instanceof Unanswerable)) throw error;
        requests += error.context.tries ?? 1;
        if (asked.history > 0) continue;
        return { answer: NO_ANSWER, history: 0, request, requests, setAside: error.message };
      }
      deps.answers.keep(request, answer);
    }
    return { answer, history: asked.history, request, requests, setAside: undefined };
  }
}

function requestOf(pin: GeneratorPin, ask: Ask, id: string, slot: string): CompletionRequest {
  const { path, promptTokens } = ask;
  const body = { model: pin.model, ...ask.body };
  return { path, body, id, affinity: slot, promptTokens, maxTokens: pin.newTokens };
}

/** The identity of a request (lake.md): the same question to the same model is asked once in a run. */
export function requestHash(generator: GeneratorPin, { prompt }: Pick<Ask, 'prompt'>): string {
  const { name, model, newTokens, temperature, window } = generator;
  return sha256(canonicalJson({ name, model, parameters: { newTokens, temperature, window }, prompt }));
}
