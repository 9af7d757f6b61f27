import { setImmediate } from 'node:timers/promises';
import { type Bigram, learn, newBigram, surprise } from './bigram.ts';
import type { Split } from './split.ts';

/** A line of metrics.jsonl: the state after an increment. Losses are nats per token. */
export interface Metric {
  step: number;
  /** Tokens and documents learnt so far. */
  tokens: number;
  /** Of this increment's documents, each measured before it was learnt. */
  loss: number;
  /** Of the held-out documents, after the increment. */
  heldOutLoss: number;
  documents: number;
}

export interface Trained {
  model: Bigram;
  metrics: Metric[];
  heldOutDocuments: number;
  heldOutTokens: number;
}

/** Held-out tokens at most: all increments measure on the same ones, which stay in memory. */
const HELD_OUT_TOKENS = 1_000_000;
/** Tokens between two turns of the event loop, so that a signal is heard at once. */
const BREATH_TOKENS = 200_000;

/**
 * Learns the documents that are not held out, in `steps` increments of equal size (fewer where there are fewer
 * documents), and calls `report` after each. `documents` opens the same documents anew at every call.
 */
export async function train(
  documents: () => AsyncIterable<Int32Array>,
  split: Split,
  options: { vocabSize: number; steps: number },
  report: (metric: Metric) => void,
): Promise<Trained> {
  const breathe = breather();
  const heldOut = await holdOut(documents(), split, breathe);
  const heldOutTokens = sum(heldOut.map((ids) => ids.length));
  const model = newBigram(options.vocabSize);
  const steps = Math.min(options.steps, split.trainDocuments);
  const metrics: Metric[] = [];
  let learnt = 0;
  let nats = 0;
  let tokens = 0;
  for await (const ids of documents()) {
    if (split.isHeldOut(ids)) continue;
    nats += surprise(model, ids);
    learn(model, ids);
    tokens += ids.length;
    learnt++;
    await breathe(ids.length);
    const step = metrics.length + 1;
    if (learnt < Math.ceil((step * split.trainDocuments) / steps)) continue;
    let heldOutNats = 0;
    for (const held of heldOut) {
      heldOutNats += surprise(model, held);
      await breathe(held.length);
    }
    const metric: Metric = {
      step,
      tokens: model.tokens,
      loss: nats / tokens,
      heldOutLoss: heldOutNats / heldOutTokens,
      documents: learnt,
    };
    metrics.push(metric);
    report(metric);
    nats = 0;
    tokens = 0;
  }
  return { model, metrics, heldOutDocuments: heldOut.length, heldOutTokens };
}

async function holdOut(
  documents: AsyncIterable<Int32Array>,
  split: Split,
  breathe: (tokens: number) => Promise<void>,
): Promise<Int32Array[]> {
  const held: Int32Array[] = [];
  let tokens = 0;
  for await (const ids of documents) {
    await breathe(ids.length);
    if (!split.isHeldOut(ids)) continue;
    if (held.length > 0 && tokens + ids.length > HELD_OUT_TOKENS) break;
    held.push(ids);
    tokens += ids.length;
  }
  return held;
}

function breather(): (tokens: number) => Promise<void> {
  let since = 0;
  return async (tokens) => {
    since += tokens;
    if (since < BREATH_TOKENS) return;
    since = 0;
    await setImmediate();
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
