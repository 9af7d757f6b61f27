// A program of its own, so that what it holds is not the measured process's: puts sources of a synthetic corpus into the lake.
import { openCorpus, SHINGLE, SYNTHETIC } from '../../../bench/synthetic/documents.ts';
import { eachShingle, openDistinct, shingleSet } from '../../../bench/synthetic/shingles.ts';
import { parquetStream } from '../../../lake/parquet/write.ts';
import { openS3, type S3Settings } from '../../../lake/s3.ts';

/** Sources [from, to) of a corpus. */
export interface PutSynthetic {
  documents: number;
  perSource: number;
  prefix: string;
  from: number;
  to: number;
}
export interface PutFigures {
  documents: number;
  textBytes: number;
  words: number;
  /** Documents by their number of words: below 75, 125, 250, 500, 1,000, and longer. */
  lengths: number[];
  shingles: number;
  /** Shingles of the first documents, and how many different ones these are, counted one by one. */
  sample: number;
  sampleDistinct: number;
  /** Of the count of different ones, base64. */
  registers: string;
}
export const LENGTHS = [75, 125, 250, 500, 1_000, Number.POSITIVE_INFINITY];

export const sourceKey = (prefix: string, source: number): string =>
  `${prefix}part-${String(source).padStart(5, '0')}.parquet`;

/** Documents whose shingles are counted exactly. */
const SAMPLE = 20_000;
/** Rows that are handed to the writer at once. */
const BATCH = 512;

async function put(
  s3: S3Settings,
  { documents, perSource, prefix, from, to }: PutSynthetic,
): Promise<PutFigures> {
  const corpus = openCorpus({ ...SYNTHETIC, documents });
  const distinct = openDistinct();
  const lengths = LENGTHS.map(() => 0);
  const sample = new Set<number>();
  const figures = { documents: 0, textBytes: 0, words: 0, shingles: 0, sample: 0 };
  const add = (a: number, b: number): void => {
    figures.shingles++;
    distinct.add(a, b);
  };
  function* batches(source: number): Generator<{ text: string[] }> {
    const end = Math.min(documents, (source + 1) * perSource);
    for (let at = source * perSource; at < end; at += BATCH) {
      const text: string[] = [];
      for (let i = at; i < Math.min(end, at + BATCH); i++) {
        const words = corpus.wordsOf(i);
        eachShingle(words, add);
        text.push(corpus.textOf(words));
        figures.textBytes += text.at(-1)?.length ?? 0;
        figures.words += words.length;
        if (i < SAMPLE) {
          figures.sample += words.length - SHINGLE + 1;
          for (const each of shingleSet(words)) sample.add(each);
        }
        const place = LENGTHS.findIndex((bound) => words.length < bound);
        lengths[place] = (lengths[place] as number) + 1;
      }
      figures.documents += text.length;
      yield { text };
    }
  }
  const store = openS3(s3);
  for (let source = from; source < to; source++) {
    await store.write(
      sourceKey(prefix, source),
      parquetStream([{ name: 'text', type: 'string', nullable: false }], batches(source)),
    );
  }
  store.close();
  return {
    ...figures,
    sampleDistinct: sample.size,
    lengths,
    registers: Buffer.from(distinct.registers).toString('base64'),
  };
}

if (process.env.PUT_SYNTHETIC !== undefined) {
  const { s3, ...what } = JSON.parse(process.env.PUT_SYNTHETIC) as PutSynthetic & { s3: S3Settings };
  console.log(JSON.stringify(await put(s3, what)));
}
