import pLimit from 'p-limit';
import { commitStage, outputOf, readCommit } from '../../lake/commit.ts';
import { NothingToDo } from '../../lake/errors.ts';
import { type ExchangeRecord, encodeRun, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRun } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readLists } from '../lists.ts';
import type { SourceFailure } from '../plan/partitions.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readSources } from '../plan/read-plan.ts';
import { EXACT, type ScannedSource } from '../scan/scan-partition.ts';
import type { Services } from '../services.ts';
import { type ExactPlace, exactPlace, verdictRecord } from './records.ts';

export const VERDICTS = 'verdicts.run';
export const FAILED = 'failed-sources.json';
/** A source that failed anywhere: none of its rows exist for the run. */
export interface FailedSourceRows extends SourceFailure {
  source: number;
  key: string;
  rows: number;
}
const READS = 16;

/**
 * Verdicts for one range of hashes: among documents with the same folded text the first in keep order (source key, row)
 * stays, the others name it. Sources that failed are left out beforehand. Throws NothingToDo when nothing valid is left.
 */
export async function dedupeDocuments(
  { store, checkCancelled }: Services,
  {
    run,
    plan,
    scans,
    range,
    ranges,
  }: { run: RunRef; plan: ObjectRef; scans: ObjectRef[]; range: number; ranges: number },
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'dedupe');
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'dedupe',
      version: pins.stages.dedupe,
      unit: 'global',
      spec: { range, ranges },
      inputs: [plan, ...scans],
      etags: [],
    },
    async (folder) => {
      const limit = pLimit(READS);
      const refs = await readLists(store, scans);
      const commits = await Promise.all(refs.map((each) => limit(() => readCommit(store, each))));
      const sources = await readSources(store, plan, 'corpus');
      const scanned = commits.flatMap(({ data }) => data as ScannedSource[]);
      const failures = new Map<number, SourceFailure>();
      for (const { ordinal, failure } of sources) if (failure) failures.set(ordinal, failure);
      for (const { source, failure } of scanned) if (failure) failures.set(source, failure);
      const failed = [...failures]
        .sort(([a], [b]) => a - b)
        .flatMap(([ordinal, failure]): FailedSourceRows[] => {
          const source = sources[ordinal];
          return source === undefined
            ? []
            : [{ source: ordinal, key: source.key, rows: source.rows, ...failure }];
        });
      const alive = scanned.filter(({ source }) => !failures.has(source));
      const sum = (count: (each: ScannedSource) => number): number =>
        alive.reduce((total, each) => total + count(each), 0);
      if (sum(({ texts }) => texts) === 0) {
        throw new NothingToDo(
          `no row under the prefix holds text: ${sum(({ rejects }) => rejects)} are null, blank or not UTF-8, ${failed.length} of ${sources.length} sources failed`,
          { bucket: store.bucket, key: pins.spec.input.prefix },
        );
      }
      const runs = await Promise.all(
        commits.map((each) => limit(() => openCommittedRun(store, outputOf(each, EXACT)))),
      );
      const dropped: ExchangeRecord[] = [];
      let kept: ExactPlace | undefined;
      for await (const batch of mergeRuns(runs, keyRange(range, ranges))) {
        checkCancelled();
        for (const { payload } of batch) {
          const place = exactPlace(payload);
          if (failures.has(place.source)) continue;
          if (kept?.hash !== place.hash) {
            kept = place;
            continue;
          }
          const { source, row } = place;
          dropped.push(verdictRecord({ source, row, keptSource: kept.source, keptRow: kept.row }));
        }
      }
      const once = range === 0 ? 1 : 0;
      return {
        outputs: [
          await folder.write(VERDICTS, encodeRun(dropped)),
          await folder.put(FAILED, JSON.stringify(failed), 'application/json'),
        ],
        counts: {
          duplicates: dropped.length,
          plannedRows: once * sources.reduce((total, { rows }) => total + rows, 0),
          failedSources: once * failed.length,
          failedRows: once * failed.reduce((total, { rows }) => total + rows, 0),
          validTexts: once * sum(({ texts }) => texts),
          rejectedRows: once * sum(({ rejects }) => rejects),
        },
      };
    },
  );
  return { ref, counts: commit.counts };
}
