import { commitStage } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeSorted, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { parquetStream } from '../../lake/parquet/write.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { openBase } from '../segment/base.ts';
import type { Services } from '../services.ts';
import { byShingles, bySignature } from './compared.ts';
import { estimate, exactly } from './comparer.ts';
import { decide } from './decide.ts';
import { DUPLICATE_COLUMNS, DUPLICATES, duplicateRows } from './duplicates.ts';
import { FAILED, readScanned } from './failures.ts';
import { edgeRuns } from './find-duplicates.ts';
import { verdictRecord } from './records.ts';
import { newerVersions, writeGone } from './replaced.ts';
import { shingleRuns, signatureRuns } from './scan-records.ts';

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
  const { threshold, verify } = pins.spec.dedupe;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'dedupe',
      version: pins.stages.dedupe,
      unit: 'global',
      spec: { threshold, verify },
      inputs: [plan, ...scans, ...edges],
      etags: [],
    },
    async (folder) => {
      const scanned = await readScanned({ store }, { plan, scans });
      const { sources, commits, failed, texts, rejects } = scanned;
      const base = await openBase(store, plan);
      const found = await readCommits(store, edges);
      const opened = await openCommittedRuns(store, found.flatMap(edgeRuns));
      const signatures = [
        ...((await base?.signatures()) ?? []),
        ...(await openCommittedRuns(store, commits.flatMap(signatureRuns))),
      ];
      const shingles =
        verify === 'exact'
          ? [
              ...((await base?.shingles()) ?? []),
              ...(await openCommittedRuns(store, commits.flatMap(shingleRuns))),
            ]
          : undefined;
      const known = [...(base?.sources.values() ?? [])].sort((a, b) => a.source - b.source);
      const newerOf = newerVersions(known, sources, failed);
      const decision = await decide({
        sources: [...known, ...sources.map(({ ordinal, rows }) => ({ source: ordinal, rows }))],
        firstSource: base?.nextSource ?? 0,
        newerOf,
        measure: verify === 'exact' ? exactly(threshold) : estimate(threshold),
        edges: () => mergeRuns(opened, keyRange(0, 1)),
        compared: () => (shingles === undefined ? bySignature(signatures) : byShingles(signatures, shingles)),
        checkCancelled,
      });
      // Verdicts come in keep order, which is that of their keys: none of them has to be held.
      async function* records(): AsyncGenerator<ExchangeRecord[]> {
        for (const verdict of decision.verdicts()) yield [verdictRecord(verdict)];
      }
      const named = new Map<number, { key: string; run: string }>([
        ...known.map((each) => [each.source, each] as const),
        ...sources.map(({ ordinal, key }) => [ordinal, { key, run: run.run }] as const),
      ]);
      const table = duplicateRows(decision.verdicts(), (source) => named.get(source) ?? { key: '', run: '' });
      return {
        outputs: [
          await folder.write(VERDICTS, encodeSorted(records())),
          await folder.write(DUPLICATES, parquetStream(DUPLICATE_COLUMNS, table)),
          await folder.put(FAILED, JSON.stringify(failed), 'application/json'),
          ...(base === undefined ? [] : [await writeGone(folder, base, newerOf, decision.survives)]),
        ],
        counts: {
          duplicates: decision.duplicates,
          nearDuplicates: decision.nearDuplicates,
          ...(base && { earlierDuplicates: decision.earlierDuplicates }),
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
