import { placeOf, slotId } from '../../lake/identity.ts';
import { unitHash } from '../../lake/random.ts';

/** Where a valid text stands: its block, its place among the block's valid rows, and how many those are. */
export interface ScheduledText {
  /** Raw key of its source. */
  key: string;
  row: number;
  /** First row of its block. */
  block: number;
  ordinal: number;
  valid: number;
}

/** A slot with the texts that are left in it, by round; a text dropped by dedupe leaves a gap and nobody moves. */
export interface Slot<T extends ScheduledText> {
  id: string;
  /** In [0, 1): a slot is converted when it is under the share. */
  draw: number;
  converted: boolean;
  /** In the order of their rounds. */
  texts: { round: number; text: T }[];
}

/**
 * The slots of a partition: of each block's `valid` texts, slot i has texts i, B+i, 2B+i … with B = ceil(valid / rounds).
 * A slot is converted when the hash of (seed, slot) is under `share`, so that a smaller share is part of a larger one.
 * `texts` must come in row order; those that dedupe dropped are left out by the caller.
 */
export function schedule<T extends ScheduledText>(
  texts: readonly T[],
  { rounds, share, seed }: { rounds: number; share: number; seed: string },
): Slot<T>[] {
  const slots = new Map<string, Slot<T>>();
  for (const text of texts) {
    const { slot, round } = placeOf(text.ordinal, text.valid, rounds);
    const id = slotId(text.key, text.block, slot);
    let found = slots.get(id);
    if (found === undefined) {
      const draw = unitHash(seed, 'share', id);
      found = { id, draw, converted: draw < share, texts: [] };
      slots.set(id, found);
    }
    found.texts.push({ round, text });
  }
  return [...slots.values()];
}
