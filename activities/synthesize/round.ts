import { setImmediate } from 'node:timers/promises';
import { BadRequest } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { documentId } from '../../lake/identity.ts';
import type { GeneratorPin } from '../plan/pins.ts';
import type { AnswerCache } from './answers.ts';
import type { Completion, CompletionRequest, EndpointClient } from './endpoint/client.ts';
import { concernsRequest } from './endpoint/refusal.ts';
import { type Entry, historyOf } from './entry.ts';
import type { Ask, Asked, Generator } from './generators/generator.ts';
import type { ScheduledText } from './schedule.ts';
import { saysTooLong } from './too-long.ts';

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
  /** Called after each text. */
  onProgress(): void;
}

/**
 * One synthesis round of one partition: every turn's text (its parts one after the other) is prompted once, turns side
 * by side up to `concurrency`; a turn is taken when one before it has ended. Returns the entries in the order of the
 * turns. A text that the endpoint refuses, or cannot answer while it answers others, is set aside with its reason; an
 * endpoint that is gone ends the round with EndpointUnavailable, what was answered kept.
 */
export async function runRound(
  turns: Iterable<Turn> | AsyncIterable<Turn>,
  deps: RoundDeps,
): Promise<Entry[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([deps.signal, failed.signal]);
  /** A round that fails sends nothing more. What is under way is paid for, and waited for; only a cancellation breaks it off. */
  const client: RoundDeps['client'] = {
    complete(request) {
      signal.throwIfAborted();
      return deps.client.complete(request, deps.signal);
    },
  };
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
      made[index] = await takeTurn(next.value, { ...deps, client, signal });
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

/** Of the window, what a part may fill that the endpoint has called too long. */
const SMALLER = 0.5;

/**
 * A text's turn: its parts one after the other, each with what the slot has behind it. A part that is too long by the
 * endpoint's own count is cut once into smaller ones.
 */
async function takeTurn(turn: Turn, deps: RoundDeps): Promise<Entry[]> {
  const told = [...turn.before];
  const made: Entry[] = [];
  let start = 0;
  const parts = (await deps.generator.parts(turn.text.text)).map((context) => ({ context, whole: true }));
  for (let next = parts.shift(); next !== undefined; next = parts.shift()) {
    const { context, whole } = next;
    const asked = await askAbout(historyOf(told), context, turn.slot, deps);
    const smaller = asked.tooLong && whole ? await deps.generator.parts(context, SMALLER) : [];
    if (smaller.length > 1) {
      parts.unshift(...smaller.map((piece) => ({ context: piece, whole: false })));
      continue;
    }
    const part = made.length;
    const end = start + Buffer.byteLength(context);
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
  deps.onProgress();
  return made;
}

interface Answered {
  answer: Completion;
  history: number;
  request: string;
  setAside: string | undefined;
  /** It was set aside for its length. */
  tooLong: boolean;
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
 * The answer to one text. A prompt that is refused as too long is sent again without its oldest round, then without any;
 * as too long is sent again without its oldest round, then without any; one refused for something else, without any. A text
 * refused alone is set aside with what the endpoint said.
 */
async function askAbout(history: Told[], context: string, slot: string, deps: RoundDeps): Promise<Answered> {
  const { generator, pin } = deps;
  let told: readonly Told[] = history;
  for (let shortened = false; ; shortened = true) {
    let asked: Asked | undefined;
    try {
      asked = await generator.ask(told, context, slot);
      const given = await answerTo(asked.ask, slot, deps);
      return { ...given, history: asked.history, setAside: undefined, tooLong: false };
    } catch (error) {
      if (!concernsRequest(error)) throw error;
      const tooLong = saysTooLong(error);
      const stood = asked?.history ?? told.length;
      if (stood === 0) {
        const request = asked === undefined ? '' : requestHash(pin, asked.ask);
        return { answer: NO_ANSWER, history: 0, request, setAside: error.message, tooLong };
      }
      told = tooLong && !shortened ? told.slice(told.length - stood + 1) : [];
    }
  }
}

type Given = Pick<Answered, 'answer' | 'request'>;

/**
 * The answer to a question. One of which nothing can be read is met by one more question, where the generator has one;
 * the answer to that counts then. The ledger has the first among the wasted ones.
 */
async function answerTo(ask: Ask, slot: string, deps: RoundDeps): Promise<Given> {
  const first = await askOnce(ask, slot, deps);
  const again = deps.generator.again?.(ask, first.answer.text);
  if (again === undefined) return first;
  try {
    return await askOnce(again, slot, deps);
  } catch (error) {
    if (concernsRequest(error)) return first;
    throw error;
  }
}

/** What is said to one question: by the cache, else by the endpoint. */
async function askOnce(ask: Ask, slot: string, deps: RoundDeps): Promise<Given> {
  const { pin, client, answers, generator, signal } = deps;
  const request = requestHash(pin, ask);
  const known = answers.find(request);
  if (known !== undefined) return { request, answer: known };
  try {
    const answer = await client.complete(requestOf(pin, ask, request, slot), signal);
    answers.keep(request, answer);
    return { request, answer };
  } catch (error) {
    throw (error instanceof BadRequest ? generator.refused?.(error, ask) : undefined) ?? error;
  }
}

/** A question as the endpoint's client takes it. */
export function requestOf(pin: GeneratorPin, ask: Ask, id: string, slot: string): CompletionRequest {
  const { path, promptTokens } = ask;
  const body = { model: pin.model, ...ask.body };
  return { path, body, id, affinity: slot, promptTokens, maxTokens: pin.newTokens };
}

/** The identity of a request (lake.md): the same question to the same model is asked once in a run. */
export function requestHash(generator: GeneratorPin, { prompt }: Pick<Ask, 'prompt'>): string {
  const { name, model, newTokens, temperature, window } = generator;
  return sha256(canonicalJson({ name, model, parameters: { newTokens, temperature, window }, prompt }));
}
