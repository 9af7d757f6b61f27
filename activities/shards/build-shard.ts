import { commitStage, outputOf, readCommit } from '../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Done, Lists, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { mixOf } from '../mix/mix.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { bytesPerToken } from './dtype.ts';
import { SHUFFLED } from './exchange-partition.ts';
import { dtypeFor, megatronIndex } from './megatron.ts';

/** Bytes of the document id before the tokens of a record. */
const ID_BYTES = 16;

/** `shard-00003-of-00012`: the name of a shard without its extension. */
export const shardName = (shard: number, shards: number): string =>
  `shard-${String(shard).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}`;

/** One shard: the documents of its range of the shuffle, merged from all partitions, as Megatron `.bin` and `.idx`. */
export async function buildShard(
  { store, checkCancelled }: Services,
  { run, mix, exchanges, shard }: { run: RunRef; mix: ObjectRef; exchanges: Lists; shard: number },
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'shards');
  const { shards } = mixOf(await readCommit(store, mix));
  const name = shardName(shard, shards);
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'shards',
      version: pins.stages.shards,
      unit: name,
      spec: { shard, format: pins.spec.shards.format },
      inputs: [mix, ...Object.values(exchanges).flat()],
      etags: [],
    },
    async (folder) => {
      const commits = await readCommits(store, await readLists(store, Object.values(exchanges).flat()));
      const runs = await openCommittedRuns(
        store,
        commits.map((each) => outputOf(each, SHUFFLED)),
      );
      const dtype = dtypeFor(pins.tokenizer.highestId);
      const width = bytesPerToken(dtype);
      const lengths: number[] = [];
      async function* body(): AsyncGenerator<Uint8Array> {
        for await (const batch of mergeRuns(runs, keyRange(shard, shards))) {
          checkCancelled();
          for (const { payload } of batch) lengths.push((payload.length - ID_BYTES) / width);
          yield Buffer.concat(batch.map(({ payload }) => payload.subarray(ID_BYTES)));
        }
      }
      const bin = await folder.write(`${name}.bin`, body());
      const idx = await folder.put(`${name}.idx`, megatronIndex(lengths, dtype));
      const counts = { shardDocuments: lengths.length, shardTokens: bin.size / width, shardBytes: bin.size };
      return { outputs: [bin, idx], counts };
    },
  );
  return { ref, counts: commit.counts };
}
