import { commitStage, type StageCommit } from '../../lake/commit.ts';
import {
  type ExchangeRecord,
  type KeyRange,
  keyRange,
  mergeRuns,
  openRunWriter,
} from '../../lake/exchange.ts';
import { openCommittedRuns, runsNamed, writeSortedRuns } from '../../lake/runs.ts';
import type { Done, SegmentInput } from '../../workflows/contract.ts';
import { bucketEntry, type Place, rowKey, rowOf } from '../dedupe/records.ts';
import { readCommits, readLists } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readEntries, readSources } from '../plan/read-plan.ts';
import type { Services } from '../services.ts';
import { readStaying } from './kept.ts';
import type { SegmentRuns } from './segment.ts';
import { overlaps, rowShare } from './share.ts';

/**
 * What later ingests of the domain are to know of the documents that this run keeps, one part of `ranges`: bucket records
 * with keys of one range, and with them the hashes; signatures (and shingles, where scan left them) of one share of the
 * rows. It holds the hashes, and some blocks of what it merges.
 */
export async function buildSegment(
  services: Services,
  { run, plan, scans, verdicts, settled, range, ranges }: SegmentInput,
): Promise<Done> {
  const { store, checkCancelled } = services;
  const pins = await readPins(store, run);
  checkStage(pins, 'segment');
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'segment',
      version: pins.stages.segment,
      unit: `segment-${String(range).padStart(5, '0')}`,
      spec: { range, ranges },
      inputs: [plan, ...scans, ...verdicts, ...(settled === undefined ? [] : [settled])],
      etags: [],
    },
    async (folder) => {
      const commits = await readCommits(store, await readLists(store, scans));
      const entries = await readEntries(store, plan, 'corpus', commits.length);
      const sources = await readSources(store, plan, 'corpus');
      const decided = await readCommits(store, verdicts);
      const stays = await readStaying(services, sources, decided, settled);

      /** Records of documents that stay. */
      async function* staying(
        name: SegmentRuns,
        from: readonly StageCommit[],
        keys: KeyRange,
        placeOf: (record: ExchangeRecord) => Place,
      ): AsyncGenerator<ExchangeRecord[]> {
        const runs = await openCommittedRuns(
          store,
          from.flatMap((each) => runsNamed(each, name)),
        );
        for await (const batch of mergeRuns(runs, keys)) {
          checkCancelled();
          yield batch.filter((record) => stays(placeOf(record)));
        }
      }
      const hashes = openRunWriter();
      async function* buckets(): AsyncGenerator<ExchangeRecord[]> {
        const keys = keyRange(range, ranges);
        for await (const batch of staying('buckets', commits, keys, ({ payload }) => bucketEntry(payload))) {
          for (const { payload } of batch) {
            const { hash, ...place } = bucketEntry(payload);
            if (hash !== '') hashes.add(rowKey(place), Buffer.from(hash, 'hex'));
          }
          yield batch;
        }
      }
      const share = rowShare(sources, range, ranges);
      const near = commits.filter((_, i) => overlaps(entries[i] ?? { runs: [] }, share));
      const outputs = await writeSortedRuns(folder, 'buckets', buckets());
      const documents = hashes.count;
      outputs.push(await folder.write('hashes-00000.run', hashes.finish()));
      for (const name of ['signatures', 'shingles'] as const) {
        if (!commits.some((each) => runsNamed(each, name).length > 0)) continue;
        const records = staying(name, near, share, ({ key }) => rowOf(key));
        outputs.push(...(await writeSortedRuns(folder, name, records)));
      }
      return { outputs, counts: { segmentDocuments: documents } };
    },
  );
  return { ref, counts: commit.counts };
}
