import { readChecked } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import { checkedPieces } from '../../lake/pieces.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { bytesPerToken, type Dtype, tokenIds } from '../shards/dtype.ts';
import { parseMegatronIndex } from '../shards/megatron.ts';
import type { ManifestCore, PublishedShard } from './publication.ts';
import { checkShardFile } from './verify-files.ts';

/** Looks at a shard: hashes, indexes, ids, the end of every document, and the files beside it. Throws VerifyFailed, CorruptLake. */
export async function checkShard(
  store: ObjectStore,
  core: ManifestCore,
  shard: PublishedShard,
): Promise<string> {
  const dtype = core.dtype as Dtype;
  const width = bytesPerToken(dtype);
  const named = core.shards.find(({ name }) => name === shard.name);
  const where = { bucket: store.bucket, key: shard.bin.key };
  function must(ok: boolean, problem: string): void {
    if (!ok) throw new VerifyFailed(`shard ${shard.name}: ${problem}`, where);
  }
  must(named?.bin.sha256 === shard.bin.sha256, 'the manifest names another body');
  must(named?.idx.sha256 === shard.idx.sha256, 'the manifest names another index');
  const more = shard.files ?? [];
  const said = (files: readonly { name: string; sha256: string }[] = []): string =>
    files.map(({ name, sha256 }) => `${name} ${sha256}`).join();
  must(said(named?.files) === said(more), 'the manifest names other files');
  const index = parseMegatronIndex(await readChecked(store, shard.idx));
  must(index.dtype === dtype, `the index says ${index.dtype}, the manifest ${dtype}`);
  must(
    index.lengths.length === shard.documents,
    `the index has ${index.lengths.length} documents, the manifest ${shard.documents}`,
  );
  let tokens = 0;
  for (const length of index.lengths) {
    must(length > 0, 'a document is empty');
    tokens += length;
  }
  must(tokens === shard.tokens, `the index counts ${tokens} tokens, the manifest ${shard.tokens}`);
  must(
    tokens * width === shard.bin.size,
    `the index counts ${tokens * width} bytes, the body has ${shard.bin.size}`,
  );
  const { eos, highestId } = core.pins.tokenizer;
  const lengths = index.lengths.values();
  /** Number of the first token of the next read, and of the last one of the document under way. */
  let at = 0;
  let last = (lengths.next().value ?? 0) - 1;
  for await (const bytes of checkedPieces(store, shard.bin)) {
    const ids = tokenIds(bytes, dtype);
    const odd = ids.findIndex((id) => id < 0 || id > highestId);
    must(odd < 0, `token ${at + odd} is ${ids[odd]}, above the tokenizer's highest id ${highestId}`);
    for (; last < at + ids.length; last += lengths.next().value ?? Number.POSITIVE_INFINITY) {
      must(ids[last - at] === eos, `the document that ends at token ${last} does not end with EOS ${eos}`);
    }
    at += ids.length;
  }
  for (const file of more) await checkShardFile(store, core, shard, index.lengths, file);
  const others = more.length === 0 ? '' : `; ${more.length} other files agree with it`;
  return `${shard.documents} documents, ${tokens} tokens, every one ends with EOS ${eos}${others}`;
}
