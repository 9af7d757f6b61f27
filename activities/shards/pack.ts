import { maskOf } from './mask.ts';
import type { ShardDocument } from './record.ts';

/** What marks a position without a target, as trainers on PyTorch have it. */
export const NO_TARGET = -100;

/** A row of training, of `length` tokens but for the last of a concatenation. */
export interface PackedRow {
  ids: Int32Array;
  /** The ids where they are targets (all tokens, without a mask), else -100; not shifted. */
  labels: Int32Array;
  /** For each token the document's number in the row, from 1; 0 is padding. */
  segments: Int32Array;
}
export interface PackRules {
  /** Tokens of a row. */
  length: number;
  /** Id that fills up a row. */
  padding: number;
  /** Whether only answers are targets. */
  mask: boolean;
  idsOf(body: Uint8Array): ArrayLike<number>;
}
/** What came of it. */
export interface PackCounts {
  rows: number;
  /** Tokens of padding. */
  padding: number;
  /** Documents longer than a row, which stand in several. */
  cut: number;
}

/** Rows of exactly `length` tokens, cut off the documents one after the other; the last row may be shorter. */
export function* concatenated(
  documents: Iterable<ShardDocument>,
  rules: PackRules,
  counts: PackCounts,
  state: { row: PackedRow; used: number; segment: number },
): Generator<PackedRow> {
  for (const document of documents) {
    const pieces = piecesOf(document, rules);
    if (document.tokens > rules.length) counts.cut++;
    state.segment++;
    for (let from = 0; from < document.tokens; ) {
      const count = Math.min(document.tokens - from, rules.length - state.used);
      place(state.row, state.used, pieces, from, count, state.segment);
      state.used += count;
      from += count;
      if (state.used < rules.length) continue;
      counts.rows++;
      yield state.row;
      // What goes on in the next row is its first document.
      Object.assign(state, { row: emptyRow(rules), used: 0, segment: from < document.tokens ? 1 : 0 });
    }
  }
}

/**
 * Rows of whole documents: the longest first, each into the row that it fills best, among the documents that come at once. Rows are in
 * the order of the first document in them. One longer than a row is cut into rows of its own.
 */
export function* bestFit(
  documents: readonly ShardDocument[],
  rules: PackRules,
  counts: PackCounts,
): Generator<PackedRow> {
  const { length } = rules;
  /** Rows with room, by how much: the fullest first. */
  const open: { room: number; members: number[] }[] = [];
  const all: { members: number[] }[] = [];
  const order = [...documents.keys()].sort(
    (a, b) => (documents[b]?.tokens ?? 0) - (documents[a]?.tokens ?? 0) || a - b,
  );
  for (const i of order) {
    const tokens = (documents[i] as ShardDocument).tokens;
    if (tokens > length) {
      all.push({ members: [i] });
      continue;
    }
    const at = firstWithRoom(open, tokens);
    const row =
      at < open.length ? (open.splice(at, 1)[0] as (typeof open)[number]) : { room: length, members: [] };
    if (row.members.length === 0) all.push(row);
    row.members.push(i);
    row.room -= tokens;
    open.splice(firstWithRoom(open, row.room), 0, row);
  }
  const first = ({ members }: { members: number[] }): number => Math.min(...members);
  for (const { members } of all.sort((a, b) => first(a) - first(b))) {
    yield* rowsOf(
      members.sort((a, b) => a - b).map((i) => documents[i] as ShardDocument),
      rules,
      counts,
    );
  }
}

function* rowsOf(
  members: readonly ShardDocument[],
  rules: PackRules,
  counts: PackCounts,
): Generator<PackedRow> {
  const { length } = rules;
  const [only] = members;
  if (only !== undefined && only.tokens > length) {
    counts.cut++;
    const pieces = piecesOf(only, rules);
    for (let from = 0; from < only.tokens; from += length) {
      const row = emptyRow(rules);
      const count = Math.min(length, only.tokens - from);
      place(row, 0, pieces, from, count, 1);
      counts.rows++;
      counts.padding += length - count;
      yield row;
    }
    return;
  }
  const row = emptyRow(rules);
  let used = 0;
  for (const [i, document] of members.entries()) {
    place(row, used, piecesOf(document, rules), 0, document.tokens, i + 1);
    used += document.tokens;
  }
  counts.rows++;
  counts.padding += length - used;
  yield row;
}

/** Place of the first row with at least so much room. */
function firstWithRoom(rows: readonly { room: number }[], room: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.room ?? 0) < room) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Pieces {
  ids: ArrayLike<number>;
  mask: Uint8Array | undefined;
}
const piecesOf = (document: ShardDocument, { idsOf, mask }: PackRules): Pieces => ({
  ids: idsOf(document.body),
  mask: mask ? maskOf(document) : undefined,
});

export function emptyRow({ length, padding }: Pick<PackRules, 'length' | 'padding'>): PackedRow {
  return {
    ids: new Int32Array(length).fill(padding),
    labels: new Int32Array(length).fill(NO_TARGET),
    segments: new Int32Array(length),
  };
}

function place(
  row: PackedRow,
  at: number,
  { ids, mask }: Pieces,
  from: number,
  count: number,
  segment: number,
): void {
  for (let i = 0; i < count; i++) {
    const id = ids[from + i] as number;
    row.ids[at + i] = id;
    if (mask === undefined || mask[from + i] === 1) row.labels[at + i] = id;
    row.segments[at + i] = segment;
  }
}
