import { readManifest } from '../activities/publish/verify.ts';
import { bytesPerToken, type Dtype } from '../activities/shards/dtype.ts';
import { parseMegatronIndex } from '../activities/shards/megatron.ts';
import type { TextTokenizer } from '../activities/tokenize/tokenizer.ts';
import { readChecked } from '../lake/commit.ts';
import { RunNotFound } from '../lake/errors.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { RunRef } from '../workflows/contract.ts';
import { readPublished } from './published.ts';

/** The longest document of a run's first shard, decoded from its bytes: the truth, special tokens included. */
export async function showDocument(
  store: ObjectStore,
  run: RunRef,
  tokenizer: TextTokenizer,
): Promise<string> {
  const published = await readPublished(store, run);
  if (published === undefined) throw new RunNotFound(`run ${run.domain}/${run.run} has published nothing`);
  const { publication } = published;
  const core = await readManifest(store, publication.manifest);
  const [shard] = publication.shards;
  if (shard === undefined) throw new RunNotFound(`run ${run.domain}/${run.run} has no shards`);
  const { lengths } = parseMegatronIndex(await readChecked(store, shard.idx));
  let start = 0;
  let best = { start: 0, length: 0 };
  for (const length of lengths) {
    if (length > best.length) best = { start, length };
    start += length;
  }
  const width = bytesPerToken(core.dtype as Dtype);
  const bytes = await store.get(shard.bin.key, {
    range: [best.start * width, (best.start + best.length) * width],
  });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids = Array.from({ length: best.length }, (_, i) =>
    width === 2 ? view.getUint16(i * 2, true) : view.getInt32(i * 4, true),
  );
  return tokenizer.decode(ids);
}
