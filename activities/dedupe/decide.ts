import { CorruptLake } from '../../lake/errors.ts';
import type { ExchangeRecord } from '../../lake/exchange.ts';
import { type Components, NONE, openComponents } from './components.ts';
import { leastMatches, nearest } from './nearest.ts';
import { edgeOf, readSignature, rowOf, type Verdict } from './records.ts';
import { openRowSet, type RowSet } from './row-set.ts';
import { VALUES } from './signature.ts';

/** Signatures held at once, at 224 bytes each: more are taken in several passes over all that there are. */
const HELD = 2_000_000;

export interface Question {
  /** Planned rows of each source. */
  rows: readonly number[];
  threshold: number;
  /** All edges, ordered as the exchange does; read twice. */
  edges: () => AsyncIterable<ExchangeRecord[]>;
  /** All signatures, in any order; read once for each pass. */
  signatures: () => AsyncIterable<ExchangeRecord[]>;
  /** Called often. */
  checkCancelled: () => void;
  /** Signatures held at once. */
  held?: number;
}
export interface Decision {
  duplicates: number;
  nearDuplicates: number;
  /** In keep order of the dropped. */
  verdicts: () => Generator<Verdict>;
}

/**
 * Who is dropped, and for whom. In each component documents are taken in keep order. One is dropped when an earlier
 * one that is kept has the same hash, else when the similarity to an earlier one that is kept reaches the threshold;
 * then it names the most similar, of several the first. What is similar only to dropped ones stays.
 */
export async function decide(question: Question): Promise<Decision> {
  const rows = await rowsOf(question);
  const components = await componentsOf(question, rows);
  const { copyOf, slotOf } = components;
  const keptBy = new Uint32Array(rows.size).fill(NONE);
  /** Equal values of a dropped document and the one that it names; 0 for exact duplicates. */
  const matches = new Uint8Array(rows.size);
  for (let i = 0; i < rows.size; i++) if (slotOf[i] === NONE) keptBy[i] = copyOf[i] as number;

  const least = leastMatches(question.threshold);
  const { members, memberStarts, slotStarts } = components;
  for (const { from, to } of passesOf(slotStarts, question.held ?? HELD)) {
    const base = slotStarts[from] as number;
    const signatures = await signaturesOf(question, rows, components, base, slotStarts[to] as number);
    for (let component = from; component < to; component++) {
      const size = (slotStarts[component + 1] as number) - (slotStarts[component] as number);
      const kept = new Uint32Array(size);
      const keptSlots = new Uint32Array(size);
      let count = 0;
      const end = memberStarts[component + 1] as number;
      for (let i = memberStarts[component] as number; i < end; i++) {
        question.checkCancelled();
        const member = members[i] as number;
        const first = copyOf[member] as number;
        if (first !== NONE && keptBy[first] === NONE) {
          keptBy[member] = first;
          continue;
        }
        const slot = (slotOf[member] as number) - base;
        const found = nearest(signatures, keptSlots, count, slot, least);
        if (found === undefined) {
          kept[count] = member;
          keptSlots[count++] = slot;
        } else {
          keptBy[member] = kept[found.index] as number;
          matches[member] = found.matches;
        }
      }
    }
  }
  return {
    duplicates: countOf(keptBy, (by) => by !== NONE),
    nearDuplicates: countOf(matches, (each) => each > 0),
    *verdicts() {
      for (let i = 0; i < rows.size; i++) {
        const by = keptBy[i] as number;
        if (by === NONE) continue;
        const equal = matches[i] as number;
        yield {
          dropped: rows.placeOf(i),
          kept: rows.placeOf(by),
          kind: equal === 0 ? 'exact' : 'near',
          similarity: equal === 0 ? 1 : equal / VALUES,
        };
      }
    },
  };
}

/** The documents that occur in edges. */
async function rowsOf({ rows, edges, checkCancelled }: Question): Promise<RowSet> {
  const set = openRowSet(rows);
  for await (const batch of edges()) {
    checkCancelled();
    for (const record of batch) {
      const { later, first } = edgeOf(record);
      set.add(later);
      set.add(first);
    }
  }
  return set.finish();
}

async function componentsOf({ edges, checkCancelled }: Question, rows: RowSet): Promise<Components> {
  const components = openComponents(rows.size);
  for await (const batch of edges()) {
    checkCancelled();
    for (const record of batch) {
      const { later, first, exact } = edgeOf(record);
      components.add(rows.ordinalOf(later), rows.ordinalOf(first), exact);
    }
  }
  return components.finish();
}

/** Components [from, to) whose signatures are held together: `held` of them, or a single component with more. */
function* passesOf(slotStarts: Uint32Array, held: number): Generator<{ from: number; to: number }> {
  const end = slotStarts.length - 1;
  for (let from = 0; from < end; ) {
    let to = from + 1;
    while (to < end && (slotStarts[to + 1] as number) - (slotStarts[from] as number) <= held) to++;
    yield { from, to };
    from = to;
  }
}

/** The signatures of slots [from, to), one after the other. Throws CorruptLake when one is missing. */
async function signaturesOf(
  { signatures, checkCancelled }: Question,
  rows: RowSet,
  { slotOf, copyOf }: Components,
  from: number,
  to: number,
): Promise<Uint16Array> {
  const held = new Uint16Array((to - from) * VALUES);
  let found = 0;
  for await (const batch of signatures()) {
    checkCancelled();
    for (const { key, payload } of batch) {
      const place = rowOf(key);
      if (!rows.has(place)) continue;
      const document = rows.ordinalOf(place);
      const slot = slotOf[document] as number;
      if (slot < from || slot >= to || copyOf[document] !== NONE) continue;
      readSignature(payload, held, (slot - from) * VALUES);
      found++;
    }
  }
  if (found !== to - from) {
    throw new CorruptLake(`of ${to - from} signatures that dedupe needs the scans hold ${found}`);
  }
  return held;
}

function countOf(values: Uint32Array | Uint8Array, counts: (value: number) => boolean): number {
  let count = 0;
  for (const value of values) if (counts(value)) count++;
  return count;
}
