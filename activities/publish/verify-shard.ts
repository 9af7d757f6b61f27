import { readChecked } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import { checkedPieces } from '../../lake/pieces.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { documentsIn } from '../shards/documents-in.ts';
import { type BodyIds, bytesPerToken, type Dtype } from '../shards/dtype.ts';
import { parseMegatronIndex } from '../shards/megatron.ts';
import type { ManifestCore, PublishedShard } from './publication.ts';
import { checkShardFile } from './verify-files.ts';

/** Looks at what stands in the documents of shards, beside their ends; each throws what is wrong. */
export interface ContentCheck {
  /** Document `number` of a shard, from 0. A promise only where it takes a while; the ids are those of the read under way. */
  document(shard: PublishedShard, number: number, ids: BodyIds): Promise<void> | undefined;
  /** All documents of a shard were there. */
  end(shard: PublishedShard): Promise<void>;
}

/**
 * Looks at a shard: hashes, indexes, ids, the end of every document, and the files beside it; what else is to be seen in documents is for
 * `contents`. Throws VerifyFailed, CorruptLake.
 */
export async function checkShard(
  store: ObjectStore,
  core: ManifestCore,
  shard: PublishedShard,
  contents?: ContentCheck,
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
  /** Numbers of the first token and of the document. */
  let at = 0;
  let number = 0;
  for await (const documents of documentsIn(checkedPieces(store, shard.bin), index.lengths, dtype)) {
    for (const ids of documents) {
      const odd = ids.findIndex((id) => id < 0 || id > highestId);
      must(odd < 0, `token ${at + odd} is ${ids[odd]}, above the tokenizer's highest id ${highestId}`);
      at += ids.length;
      must(ids.at(-1) === eos, `the document that ends at token ${at - 1} does not end with EOS ${eos}`);
      const looking = contents?.document(shard, number, ids);
      if (looking !== undefined) await looking;
      number++;
    }
  }
  await contents?.end(shard);
  for (const file of more) await checkShardFile(store, core, shard, index.lengths, file);
  const others = more.length === 0 ? '' : `; ${more.length} other files agree with it`;
  return `${shard.documents} documents, ${tokens} tokens, every one ends with EOS ${eos}${others}`;
}
