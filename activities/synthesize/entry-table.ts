import { outputOf, type StageCommit } from '../../lake/commit.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { Pair } from '../../workflows/contract.ts';
import type { Entry } from './entry.ts';

export const ENTRIES = 'entries.parquet';
export const ENTRY_COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'part', type: 'int32', nullable: false },
  { name: 'start', type: 'int64', nullable: false },
  { name: 'end', type: 'int64', nullable: false },
  { name: 'slot', type: 'string', nullable: false },
  { name: 'round', type: 'int32', nullable: false },
  { name: 'linked', type: 'boolean', nullable: false },
  { name: 'history', type: 'int32', nullable: false },
  { name: 'setAside', type: 'string' },
  { name: 'request', type: 'string', nullable: false },
  { name: 'completion', type: 'string', nullable: false },
  { name: 'finishReason', type: 'string', nullable: false },
  { name: 'promptTokens', type: 'int32', nullable: false },
  { name: 'completionTokens', type: 'int32', nullable: false },
  { name: 'pairs', type: 'json', nullable: false },
  { name: 'drops', type: 'json', nullable: false },
] as const satisfies readonly ColumnSpec[];

/** An entry as it was written. */
export function entryOf(row: Row): Entry {
  return {
    id: String(row.id),
    key: String(row.key),
    row: Number(row.row),
    part: Number(row.part),
    start: Number(row.start),
    end: Number(row.end),
    slot: String(row.slot),
    round: Number(row.round),
    linked: row.linked === true,
    history: Number(row.history),
    setAside: row.setAside === null ? undefined : String(row.setAside),
    request: String(row.request),
    completion: String(row.completion),
    finishReason: String(row.finishReason),
    promptTokens: Number(row.promptTokens),
    completionTokens: Number(row.completionTokens),
    pairs: parsed(row.pairs) as Pair[],
    drops: parsed(row.drops) as Record<string, number>,
  };
}

/** The entries of some rounds, a batch at a time. */
export async function* readEntries(
  store: ObjectStore,
  rounds: readonly StageCommit[],
): AsyncGenerator<Entry[]> {
  const columns = ENTRY_COLUMNS.map(({ name }) => name);
  for (const round of rounds) {
    for await (const rows of readBatches(store, outputOf(round, ENTRIES), columns)) yield rows.map(entryOf);
  }
}

/** JSON columns come back as their text. */
function parsed(cell: unknown): unknown {
  return typeof cell === 'string' ? JSON.parse(cell) : cell;
}
