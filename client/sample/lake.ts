import { parquetBytes } from '../../lake/parquet/write.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { IngestSpec, TagSynthesisSpec } from '../../workflows/contract.ts';
import { sampleInstructions, samplePassages } from './index.ts';

const PASSAGES_PER_FILE = 5;
const TEXT = 'raw/sample/';
const INSTRUCTIONS = 'raw/sample-instructions/';

/** Puts the sample into a lake: its passages as several Parquet objects, its instructions as one. */
export async function putSample(store: ObjectStore): Promise<{ objects: number; passages: number }> {
  const passages = samplePassages();
  let objects = 0;
  for (let from = 0; from < passages.length; from += PASSAGES_PER_FILE, objects++) {
    const some = passages.slice(from, from + PASSAGES_PER_FILE);
    await store.put(
      `${TEXT}passages-${String(objects).padStart(2, '0')}.parquet`,
      table(some, ['id', 'title', 'text']),
    );
  }
  const instructions = table(sampleInstructions(), ['id', 'instruction', 'response']);
  await store.put(`${INSTRUCTIONS}instructions.parquet`, instructions);
  return { objects: objects + 1, passages: passages.length };
}

function table<T extends object>(rows: readonly T[], names: readonly (keyof T & string)[]): Uint8Array {
  return parquetBytes(
    names.map((name) => ({
      name,
      type: 'string' as const,
      nullable: false,
      data: rows.map((row) => row[name]),
    })),
  );
}

/** The spec of the quickstart: everything converted, three rounds, mixed with general instructions, trained on. */
export const sampleSpec: IngestSpec & { synthesize: TagSynthesisSpec } = {
  domain: 'sample',
  input: { prefix: TEXT, id: 'id', text: 'text', title: 'title', partitionBytes: 8192 },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  tokenizer: 'default',
  sequenceLength: 2048,
  mix: {
    sources: [
      { from: 'augmented', weight: 4 },
      { from: 'instructions', prefix: INSTRUCTIONS, question: 'instruction', answer: 'response', weight: 1 },
    ],
  },
  shards: { bytes: 16_384 },
  train: { launcher: 'default' },
};
