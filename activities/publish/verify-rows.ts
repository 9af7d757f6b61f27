import { VerifyFailed } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { TokenSpan } from '../../workflows/contract.ts';
import { pairsIn, partedPairs } from '../shards/parted.ts';
import type { ManifestCore, PublishedShard } from './publication.ts';
import { documentTable } from './verify-files.ts';

/**
 * Counts pairs, those parted from their context, and documents longer than a row, in the tables of the shards' documents, and holds
 * them against the manifest. Throws VerifyFailed and CorruptLake.
 */
export async function checkRows(
  store: ObjectStore,
  { rows, spec }: Pick<ManifestCore, 'rows' | 'spec'>,
  shards: readonly PublishedShard[],
): Promise<string> {
  const length = Number((spec as { sequenceLength?: unknown }).sequenceLength);
  const counted = { shardPairs: 0, partedPairs: 0, overlongDocuments: 0 };
  for (const shard of shards) {
    const table = documentTable(shard);
    if (table === undefined) return 'not counted: an earlier release has written no tables of documents';
    for await (const documents of readBatches(store, table, ['start', 'tokens', 'spans'])) {
      for (const { start, tokens, spans } of documents) {
        const document = { spans: JSON.parse(String(spans)) as TokenSpan[] };
        counted.shardPairs += pairsIn(document);
        counted.partedPairs += partedPairs(document, Number(start), length);
        if (Number(tokens) > length) counted.overlongDocuments++;
      }
    }
  }
  for (const [name, count] of Object.entries(counted)) {
    const said = rows[name] ?? 0;
    if (said === count) continue;
    throw new VerifyFailed(`the manifest says ${name} ${said}, and the tables of documents have ${count}`, {
      bucket: store.bucket,
    });
  }
  return `${counted.shardPairs} pairs, ${counted.partedPairs} of them parted from their context by rows of ${length} tokens, ${counted.overlongDocuments} documents longer than a row`;
}
