import { commitStage, type Output, readCommit } from '../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns, runsNamed } from '../../lake/runs.ts';
import { tee } from '../../lake/tee.ts';
import type { Done, Lists, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { mixOf, plannedShard } from '../mix/mix.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { tokenIds } from './dtype.ts';
import { shuffledName } from './exchange-partition.ts';
import {
  type Batches,
  type ShardContext,
  type Writer,
  writeArrow,
  writeBody,
  writeDocumentTable,
  writeIndexes,
  writeMask,
  writeRows,
  writeText,
} from './files.ts';
import { dtypeFor } from './megatron.ts';
import type { OlmoRow } from './olmo.ts';
import type { PackCounts, PackedRow, PackRules } from './pack.ts';
import { pairsIn, partedPairs } from './parted.ts';
import { type ShardDocument, shardDocument } from './record.ts';
import { packRows } from './rows.ts';

/**
 * One shard: the documents of its range of the shuffle, merged from all partitions in one pass, in every format that the spec asks for.
 * Bodies that are the same bytes in several formats are one object.
 */
export async function buildShard(
  { store, checkCancelled }: Services,
  { run, mix, exchanges, shard }: { run: RunRef; mix: ObjectRef; exchanges: Lists; shard: number },
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'shards');
  const { sequenceLength, shards: spec } = pins.spec;
  const decided = mixOf(await readCommit(store, mix));
  const { name, source, range, ranges } = plannedShard(decided, shard);
  const { bytes: _, ignoreMask: __, ...decides } = spec;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'shards',
      version: pins.stages.shards,
      unit: name,
      spec: { shard, ...decides, sequenceLength, tokenizer: pins.tokenizer.name },
      inputs: [mix, ...Object.values(exchanges).flat()],
      etags: [],
    },
    async (folder) => {
      const commits = await readCommits(store, await readLists(store, Object.values(exchanges).flat()));
      const runs = await openCommittedRuns(
        store,
        commits.flatMap((each) => runsNamed(each, shuffledName(source))),
      );
      const dtype = dtypeFor(pins.tokenizer.highestId);
      const sources = decided.sources.map((each) => each.source);
      const context: ShardContext = { name, sources, spec, dtype, tokenizer: pins.tokenizer.name };
      const inOlmo = spec.formats.includes('olmo');
      const lengths: number[] = [];
      const places: OlmoRow[] = [];
      const counts = {
        shardDocuments: 0,
        shardTokens: 0,
        shardPairs: 0,
        partedPairs: 0,
        overlongDocuments: 0,
      };
      async function* documents(): AsyncGenerator<ShardDocument[]> {
        for await (const records of mergeRuns(runs, keyRange(range, ranges))) {
          checkCancelled();
          const batch = records.map(({ payload }) => shardDocument(payload, dtype));
          for (const document of batch) count(document);
          yield batch;
        }
      }
      function count(document: ShardDocument): void {
        const start = counts.shardTokens;
        const end = start + document.tokens;
        lengths.push(document.tokens);
        if (inOlmo) places.push({ start, end, id: document.id, source: sources[document.source] ?? '' });
        counts.shardDocuments++;
        counts.shardTokens = end;
        counts.shardPairs += pairsIn(document);
        counts.partedPairs += partedPairs(document, start, sequenceLength);
        if (document.tokens > sequenceLength) counts.overlongDocuments++;
      }
      const packed: PackCounts = { rows: 0, padding: 0, cut: 0 };
      const rules: PackRules = {
        length: sequenceLength,
        padding: pins.tokenizer.eos,
        mask: spec.mask,
        idsOf: (body) => tokenIds(body, dtype),
      };
      const rowWriters = [
        ...(spec.formats.includes('parquet-ids') ? [writeRows(context)] : []),
        ...(spec.formats.includes('arrow') ? [writeArrow(context)] : []),
      ];
      const writers: Writer[] = [
        writeBody(context),
        writeDocumentTable(context),
        ...(spec.mask ? [writeMask(context)] : []),
        ...(spec.formats.includes('parquet-text') ? [writeText(context)] : []),
      ];
      const readers = tee(documents(), writers.length + (rowWriters.length === 0 ? 0 : 1));
      const written = writers.map((write, i) => write(folder, readers[i] as Batches));
      const last = readers[writers.length];
      if (last !== undefined) {
        const rows = tee(packRows(last, spec.pack, rules, packed), rowWriters.length);
        written.push(...rowWriters.map((write, i) => write(folder, rows[i] as AsyncIterable<PackedRow[]>)));
      }
      const [bin, ...rest] = (await Promise.all(written)) as [Output, ...Output[]];
      const { idx, more } = await writeIndexes(folder, context, lengths, places);
      return {
        outputs: [bin, idx, ...rest, ...more],
        counts: {
          ...counts,
          shardBytes: bin.size,
          ...(rowWriters.length > 0 && {
            packedRows: packed.rows,
            paddingTokens: packed.padding,
            cutDocuments: packed.cut,
          }),
        },
      };
    },
  );
  return { ref, counts: commit.counts };
}
