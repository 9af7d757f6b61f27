import { readChecked } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { Lists } from '../../workflows/contract.ts';
import { markersIn } from '../synthesize/protocol/markers.ts';
import { textTokenizer } from '../tokenize/tokenizer.ts';
import { tokenizerFile } from '../tokenize/tokenizer-file.ts';
import { checkGivenMarks, holdMarked, type MarkedDocument } from './given-marks.ts';
import { markIds, scanIds } from './mark-ids.ts';
import type { ManifestCore, Publication, PublishedShard } from './publication.ts';
import { documentTable } from './verify-files.ts';
import type { ContentCheck } from './verify-shard.ts';

/** Documents with marks that are held until their texts are read, about. */
const HELD = 2 ** 17;

/** What was seen in the documents of shards. */
export interface ShardMarks extends ContentCheck {
  /** Compares what is held with the texts. Throws VerifyFailed. */
  compare(): Promise<string>;
}
/** Does something; what keeps it from being done, where that is no fault, else undefined. */
export type Guard = (look: () => Promise<void>) => Promise<string | undefined>;

/**
 * Looks at every document of shards for marks of the synthesizer's protocol, by the tokenizer that the publication names: special tokens
 * within it throw VerifyFailed; where its decoded text has marks it is held, until many are or `compare` is called. Undefined where the
 * publication names no tokenizer. Throws CorruptLake, BadTokenizer.
 */
export async function openShardMarks(
  store: ObjectStore,
  { tokenizer: ref }: Publication,
  { pins }: ManifestCore,
  documents: Lists,
  guard: Guard,
): Promise<ShardMarks | undefined> {
  if (ref === undefined) return undefined;
  const bucket = store.bucket;
  if (ref.sha256 !== pins.tokenizer.sha256) {
    const where = { bucket, key: ref.key };
    throw new VerifyFailed('the publication names another tokenizer than the manifest', where);
  }
  const { bos, eos } = pins.tokenizer;
  const file = tokenizerFile(`s3://${bucket}/${ref.key}`, await readChecked(store, ref));
  const tokenizer = textTokenizer(file, { bos: bos ?? 'none', eos });
  const ids = await markIds(file, tokenizer);
  const head = bos === null ? 0 : 1;
  /** Of the shard under way: marks by the document's number. */
  const found = new Map<number, string[]>();

  const marked = holdMarked();
  const counts = { documents: 0, decoded: 0, marked: 0 };
  /** Why texts could not be read. */
  let unread: string | undefined;

  async function decode(number: number, within: ArrayLike<number>): Promise<void> {
    counts.decoded++;
    const texts = markersIn(await tokenizer.decode(within));
    if (texts.length > 0) found.set(number, texts);
  }
  async function compare(): Promise<void> {
    unread = (await guard(() => checkGivenMarks(store, documents, tokenizer, marked))) ?? unread;
  }
  return {
    document(shard, number, all) {
      if (number === 0) found.clear();
      const wrong = (problem: string): VerifyFailed =>
        new VerifyFailed(`shard ${shard.name}: ${problem}`, { bucket, key: shard.bin.key });
      counts.documents++;
      if (bos !== null && all[0] !== bos) throw wrong(`document ${number} does not begin with BOS ${bos}`);
      const within = all.subarray(head, -1);
      const { special, mark } = scanIds(ids, within);
      if (special >= 0) {
        const id = within[special] as number;
        const token = JSON.stringify(ids.special.get(id));
        throw wrong(
          `token ${head + special} of document ${number} is ${id}, ${token}, a special token that no text gives`,
        );
      }
      return mark ? decode(number, within) : undefined;
    },
    async end(shard) {
      for (const each of await markedIn(store, shard, found)) marked.add(each);
      counts.marked += found.size;
      if (marked.size >= HELD) await compare();
    },
    async compare() {
      await compare();
      const { documents: all, decoded, marked: having } = counts;
      return `${all} documents have no special tokens within, ${having} (of ${decoded} decoded) have marks${
        having === 0
          ? ''
          : unread === undefined
            ? ', which their texts give'
            : `; whether their texts give them is ${unread}`
      }`;
    },
  };
}

/** Documents of a shard by their numbers, with the ids that its table has for them. */
async function markedIn(
  store: ObjectStore,
  shard: PublishedShard,
  found: ReadonlyMap<number, readonly string[]>,
): Promise<MarkedDocument[]> {
  if (found.size === 0) return [];
  const table = documentTable(shard);
  if (table === undefined) {
    const where = { bucket: store.bucket, key: shard.bin.key };
    throw new VerifyFailed(`shard ${shard.name} has no table of its documents`, where);
  }
  const documents: MarkedDocument[] = [];
  let number = 0;
  for await (const rows of readBatches(store, table, ['id'])) {
    for (const { id } of rows) {
      const marks = found.get(number);
      if (marks !== undefined) documents.push({ id: String(id), shard: shard.name, number, marks });
      number++;
    }
  }
  return documents;
}
