import type { Publication } from '../activities/publish/publication.ts';
import { readJson } from '../lake/commit.ts';
import { BadUsage, DomainTaken, RunNotFound } from '../lake/errors.ts';
import { canonicalJson } from '../lake/hash.ts';
import { append, type LogState, publishedRun, readHead, withoutRun } from '../lake/log.ts';
import type { ObjectStore } from '../lake/store.ts';
import { readBatches } from '../lake/table.ts';
import type { ObjectRef, RunRef } from '../workflows/contract.ts';

/** A later run, and how many documents it has dropped because the retracted one has them. */
export interface Dependent {
  run: string;
  documents: number;
}
export interface Retracted {
  publication: ObjectRef;
  mode: 'full' | 'incremental';
  /** Whether documents that it had replaced by newer versions count again. */
  tombstones: boolean;
  dependents: Dependent[];
}

/**
 * Takes the publication of a run out of its domain's log; its objects stay. Throws RunNotFound, DomainTaken while an
 * incremental run holds the domain, and BadUsage without `force` where later runs have dropped documents in its favour.
 */
export async function retractRun(
  store: ObjectStore,
  { domain, run }: RunRef,
  force: boolean,
): Promise<Retracted> {
  const { entry } = await readHead(store, domain);
  const published = publishedRun(entry, run);
  if (published === undefined) {
    throw new RunNotFound(
      `the log of domain ${domain} names no publication of run ${run}, so there is nothing to retract`,
      { bucket: store.bucket },
    );
  }
  // Before tables are read: nothing could come of it.
  withoutRun(entry, run);
  const dependents = await dependentsOf(store, entry, run);
  if (dependents.length > 0 && !force) {
    const lines = dependents.map((each) => `  - ${domain}/${each.run}: ${each.documents}`);
    throw new BadUsage(
      `later runs have dropped documents because ${domain}/${run} has them; without it nobody has these:\n${lines.join('\n')}\nretract those runs first (the next ingest takes their sources again), or say --force`,
    );
  }
  await append(store, domain, (state) => {
    if (canonicalJson(state.published) !== canonicalJson(entry.published)) {
      throw new DomainTaken(`domain ${domain} was published to meanwhile; look again, and say it once more`);
    }
    return withoutRun(state, run);
  });
  const { publication, mode } = published;
  return { publication, mode, tombstones: entry.tombstones.some((each) => each.run === run), dependents };
}

/**
 * The live publications that have dropped documents in favour of those of `run`, in order. They need not stand behind it: a
 * run that was replayed stands behind those that were later than its first generation.
 */
async function dependentsOf(store: ObjectStore, state: LogState, run: string): Promise<Dependent[]> {
  const dependents: Dependent[] = [];
  for (const { run: later, mode, publication } of state.published) {
    if (mode !== 'incremental' || later === run) continue;
    const { duplicates } = await readJson<Publication>(store, publication);
    if (duplicates === undefined) continue;
    let documents = 0;
    for await (const rows of readBatches(store, duplicates, ['keptRun'])) {
      documents += rows.filter(({ keptRun }) => keptRun === run).length;
    }
    if (documents > 0) dependents.push({ run: later, documents });
  }
  return dependents;
}
