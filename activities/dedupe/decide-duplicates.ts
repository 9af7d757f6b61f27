import { commitStage, outputOf } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeRun, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { parquetStream } from '../../lake/parquet/write.ts';
import { openCommittedRun, openCommittedRuns } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { type Decision, decide } from './decide.ts';
import { DUPLICATE_COLUMNS, DUPLICATES, duplicateRows } from './duplicates.ts';
import { FAILED, readScanned } from './failures.ts';
import { EDGES } from './find-duplicates.ts';
import { verdictRecord } from './records.ts';
import { signatureRuns } from './scan-records.ts';

export const VERDICTS = 'verdicts.run';
/** What its commit says beside counts: rejects of scan by reason, those of failed sources left out. */
export interface VerdictData {
  rejectReasons: Record<string, number>;
}

/** All edges of a run → a verdict for each document that is dropped, which names the one that is kept. */
export async function decideDuplicates(
  { store, checkCancelled }: Services,
  { run, plan, scans, edges }: { run: RunRef; plan: ObjectRef; scans: ObjectRef[]; edges: ObjectRef[] },
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'dedupe');
  const { threshold } = pins.spec.dedupe;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'dedupe',
      version: pins.stages.dedupe,
      unit: 'global',
      spec: { threshold },
      inputs: [plan, ...scans, ...edges],
      etags: [],
    },
    async (folder) => {
      const scanned = await readScanned({ store }, { plan, scans });
      const { sources, commits, failed, texts, rejects } = scanned;
      const found = await readCommits(store, edges);
      const edgeRuns = await openCommittedRuns(
        store,
        found.map((each) => outputOf(each, EDGES)),
      );
      async function* signatures(): AsyncGenerator<ExchangeRecord[]> {
        for (const output of commits.flatMap(signatureRuns)) {
          yield* mergeRuns([await openCommittedRun(store, output)], keyRange(0, 1));
        }
      }
      const decision: Decision = await decide({
        rows: sources.map(({ rows }) => rows),
        threshold,
        edges: () => mergeRuns(edgeRuns, keyRange(0, 1)),
        signatures,
        checkCancelled,
      });
      function* records(): Generator<ExchangeRecord> {
        for (const verdict of decision.verdicts()) yield verdictRecord(verdict);
      }
      const table = duplicateRows(decision.verdicts(), ({ source }) => sources[source]?.key ?? '');
      return {
        outputs: [
          await folder.write(VERDICTS, encodeRun(records())),
          await folder.write(DUPLICATES, parquetStream(DUPLICATE_COLUMNS, table)),
          await folder.put(FAILED, JSON.stringify(failed), 'application/json'),
        ],
        counts: {
          duplicates: decision.duplicates,
          nearDuplicates: decision.nearDuplicates,
          plannedRows: sources.reduce((total, { rows }) => total + rows, 0),
          failedSources: failed.length,
          failedRows: failed.reduce((total, { rows }) => total + rows, 0),
          validTexts: texts,
          rejectedRows: rejects,
        },
        data: { rejectReasons: scanned.rejectReasons } satisfies VerdictData,
      };
    },
  );
  return { ref, counts: commit.counts };
}
