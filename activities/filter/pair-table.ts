import { outputOf, type StageCommit } from '../../lake/commit.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { PairNumbers } from './chains.ts';

/** Every pair that was parsed: what was measured of it, and why it was dropped where it was. */
export const PAIRS = 'pairs.parquet';
export const PAIR_COLUMNS = [
  { name: 'document', type: 'string', nullable: false },
  { name: 'index', type: 'int32', nullable: false },
  { name: 'kind', type: 'string', nullable: false },
  { name: 'question', type: 'string', nullable: false },
  { name: 'answer', type: 'string', nullable: false },
  { name: 'grounding', type: 'double' },
  { name: 'copy', type: 'double' },
  { name: 'questionInContext', type: 'double' },
  { name: 'language', type: 'double' },
  { name: 'questionLength', type: 'int32', nullable: false },
  { name: 'answerLength', type: 'int32', nullable: false },
  { name: 'verdict', type: 'string' },
  { name: 'place', type: 'string' },
  { name: 'opening', type: 'string', nullable: false },
  { name: 'elsewhere', type: 'boolean', nullable: false },
  { name: 'dropped', type: 'string' },
] as const satisfies readonly ColumnSpec[];
export type PairRow = Record<(typeof PAIR_COLUMNS)[number]['name'], unknown>;

/** The pairs that a filter commit dropped. */
export const readDropped = (store: ObjectStore, commit: StageCommit): Promise<PairNumbers> =>
  readNumbers(store, commit, (dropped) => dropped !== null);

/** Those that it kept. Pairs of sources that were left out are of neither. */
export const readKeptPairs = (store: ObjectStore, commit: StageCommit): Promise<PairNumbers> =>
  readNumbers(store, commit, (dropped) => dropped === null);

async function readNumbers(
  store: ObjectStore,
  commit: StageCommit,
  wanted: (dropped: unknown) => boolean,
): Promise<PairNumbers> {
  const found = new Map<string, Set<number>>();
  const columns = ['document', 'index', 'dropped'];
  for await (const rows of readBatches(store, outputOf(commit, PAIRS), columns)) {
    for (const row of rows) {
      if (!wanted(row.dropped)) continue;
      const id = String(row.document);
      const numbers = found.get(id) ?? new Set();
      found.set(id, numbers.add(Number(row.index)));
    }
  }
  return found;
}
