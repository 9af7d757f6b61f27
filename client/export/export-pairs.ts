import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeptPairs } from '../../activities/filter/pair-table.ts';
import { readLists } from '../../activities/lists.ts';
import { isCorpus } from '../../activities/plan/inputs.ts';
import { readPublishInput } from '../../activities/publish/provenance.ts';
import { type ScannedText, scannedText, TEXT_COLUMNS, TEXTS } from '../../activities/scan/texts.ts';
import type { Entry } from '../../activities/synthesize/entry.ts';
import { readEntries } from '../../activities/synthesize/entry-table.ts';
import { sliceBytes, walkBack } from '../../activities/synthesize/slots.ts';
import { outputOf, readCommit } from '../../lake/commit.ts';
import { groupBy } from '../../lake/group-by.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { PAIR_COLUMNS } from '../../lake/spec/from.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { ObjectRef, Pair, RunRef } from '../../workflows/contract.ts';
import { requirePublished } from '../published.ts';
import { openFolder } from './folder.ts';

export interface ExportedPairs {
  files: number;
  rows: number;
  pairs: number;
}
interface PairsRow {
  id: string | null;
  title: string | null;
  context: string;
  pairs: Pair[];
}

/**
 * Puts the pairs of a run that passed its filters into a local folder, each text (or part) with its own: Parquet as
 * `import --pairs` takes it, a file for each partition that has some. Throws RunNotFound.
 */
export async function exportPairs(
  store: ObjectStore,
  run: RunRef,
  to: string,
  report: (line: string) => void,
): Promise<ExportedPairs> {
  const { publication } = await requirePublished(store, run);
  const { documents } = await readPublishInput(store, publication);
  const { domain, run: name, generation } = publication;
  const folder = await openFolder(to, { domain, run: name, generation, format: 'pairs' });
  const exported: ExportedPairs = { files: 0, rows: 0, pairs: 0 };
  const corpora = Object.entries(documents).flatMap(([name, lists]) => (isCorpus(name) ? lists : []));
  for (const ref of await readLists(store, corpora)) {
    const rows = await rowsOf(store, ref);
    if (rows.length === 0) continue;
    const file = `pairs-${String(exported.files).padStart(5, '0')}.parquet`;
    const pairs = rows.reduce((sum, each) => sum + each.pairs.length, 0);
    report(`${file}: ${rows.length} texts, ${pairs} pairs`);
    await writeFile(join(folder, file), pairsTable(rows));
    exported.files++;
    exported.rows += rows.length;
    exported.pairs += pairs;
  }
  return exported;
}

/** The texts of a partition that have pairs left, in the order of their rounds. */
async function rowsOf(store: ObjectStore, documents: ObjectRef): Promise<PairsRow[]> {
  const [filter] = (await readCommit(store, documents)).inputs;
  // All its sources were left out.
  if (filter === undefined) return [];
  const filtered = await readCommit(store, filter);
  const { scan, rounds } = await walkBack(store, filtered.inputs[0] as ObjectRef);
  const kept = await readKeptPairs(store, filtered);
  const left: Entry[] = [];
  for await (const entries of readEntries(store, rounds)) {
    for (const entry of entries) {
      const pairs = entry.pairs.filter((_, i) => kept.get(entry.id)?.has(i));
      if (pairs.length > 0) left.push({ ...entry, pairs });
    }
  }
  const wanted = groupBy(left, ({ key, row }) => `${row} ${key}`);
  const texts = new Map<string, ScannedText>();
  const columns = TEXT_COLUMNS.map(({ name }) => name);
  for await (const rows of readBatches(store, outputOf(scan, TEXTS), columns)) {
    for (const text of rows.map(scannedText)) {
      const place = `${text.row} ${text.key}`;
      if (wanted.has(place)) texts.set(place, text);
    }
  }
  return left.map(({ key, row, start, end, pairs }) => {
    const { id = null, title = null, text = '' } = texts.get(`${row} ${key}`) ?? {};
    return { id, title, context: sliceBytes(text, start, end), pairs };
  });
}

function pairsTable(rows: readonly PairsRow[]): Uint8Array {
  const column = (name: string, data: (string | null)[]) => ({ name, type: 'string' as const, data });
  return parquetBytes([
    column(
      PAIR_COLUMNS.id,
      rows.map(({ id }) => id),
    ),
    column(
      PAIR_COLUMNS.title,
      rows.map(({ title }) => title),
    ),
    column(
      PAIR_COLUMNS.text,
      rows.map(({ context }) => context),
    ),
    column(
      PAIR_COLUMNS.pairs,
      rows.map(({ pairs }) => JSON.stringify(pairs.map(({ kind: _, ...fields }) => fields))),
    ),
  ]);
}
