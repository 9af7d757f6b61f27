// tier: manual — template, the exchange and a shard in every format stay within fixed bounds on a partition of 300 MB taken twice, and on documents of 5 MB beside some of 10 characters
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplePassages } from '../../client/sample/index.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { parquetStream } from '../../lake/parquet/write.ts';
import { openStream } from '../../lake/random.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec, ShardFormat } from '../../workflows/contract.ts';
import { lake, must } from './lib.ts';
import { checkCut } from './parts/cut-documents.ts';
import { stageMemory } from './parts/shard-stages.ts';
import { stackUp } from './parts/stack.ts';

/** Size of the large partition; a smaller one is for trying things out. */
const MB = Number(process.env.SHARD_MEMORY_MB ?? 300);
/**
 * What a stage may hold: half of the 1.5 GB of a worker, since two of them are done at once by default. Records of 300 MB taken twice, with
 * their ids, are 900 MB. A shard in all formats at once takes more: seven uploads of up to four parts of 8 MB, 4 million tokens that are
 * fitted into rows, and what the writer of Parquet makes of a row group of lists.
 */
const LIMITS = { templatePartition: 750e6, exchangePartition: 750e6, buildShard: 1_100e6 };
const FORMATS: ShardFormat[] = ['megatron', 'parquet-text', 'olmo', 'datatrove', 'parquet-ids', 'arrow'];

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { folder, env, settings } = await stackUp('shard-memory');
const store = openS3(settings.s3);

const random = openStream('shard-memory', 'test/acceptance', 'texts');
const sentences = samplePassages().flatMap(({ text }) => text.split(/(?<=[.?!])\s+/));
/** A text of so many characters, or a sentence more: sentences of the sample in an order of its own. */
function textOf(characters: number): string {
  const some: string[] = [];
  for (let size = 0; size < characters; size += (some.at(-1)?.length ?? 0) + 1)
    some.push(random.pick(sentences));
  return some.join(' ');
}
/** The same with a number at the end of each sentence, so that no piece of it stands in it twice. */
function numbered(characters: number): string {
  let text = '';
  for (let i = 0; text.length < characters; i++)
    text += `${random.pick(sentences).replace(/[.?!]$/, '')} (${i}). `;
  return text;
}
function* large(): Generator<{ text: string[] }> {
  for (let bytes = 0; bytes < MB * 1e6; ) {
    const text = Array.from({ length: 256 }, () => textOf(3_000));
    bytes += text.reduce((sum, each) => sum + each.length, 0);
    yield { text };
  }
}
function* uneven(): Generator<{ text: string[] }> {
  for (let i = 0; i < 150; i++) {
    const text = Array.from({ length: 1_000 }, (_, k) => `n ${String(i * 1_000 + k).padStart(8, '0')}`);
    if (i % 50 === 25) text.push(textOf(5_000_000));
    yield { text };
  }
}

async function ingest(
  domain: string,
  texts: Iterable<{ text: string[] }>,
  more: Partial<IngestSpec>,
): Promise<void> {
  await store.write(
    `raw/${domain}/texts.parquet`,
    parquetStream([{ name: 'text', type: 'string', nullable: false }], texts),
  );
  const spec: IngestSpec = {
    domain,
    // All in one partition, if its rows are not too many.
    input: { prefix: `raw/${domain}/`, text: 'text', partitionBytes: 2 ** 30 },
    dedupe: { near: false },
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
    tokenizer: 'default',
    sequenceLength: 2048,
    mix: { sources: [{ from: 'raw', repeat: 2 }] },
    ...more,
    shards: { formats: FORMATS, pack: 'bestfit', mask: true, ignoreMask: true },
  };
  const file = join(folder, `${domain}.json`);
  writeFileSync(file, JSON.stringify(spec));
  const made = await lake(['ingest', file, '--run', 'all', '--watch'], { cwd: folder, env });
  must(
    made.code === 0,
    `${domain}: a run with every format ends${made.code === 0 ? '' : `:\n${made.stderr}`}`,
  );
  const wrong = (await verifyRun(store, { domain, run: 'all' }, () => {})).filter(({ ok }) => !ok);
  must(
    wrong.length === 0,
    `${domain}: what it published verifies ${wrong.map(({ detail }) => detail).join()}`,
  );
}
async function measure(domain: string, texts: Iterable<{ text: string[] }>): Promise<void> {
  await ingest(domain, texts, {});
  for (const [stage, limit] of Object.entries(LIMITS) as [keyof typeof LIMITS, number][]) {
    const { before, peak } = await stageMemory(store, settings, `ingest/${domain}/all`, stage);
    const held = `${(peak / 1e6).toFixed(0)} MB at most (${(before / 1e6).toFixed(0)} MB before it began)`;
    must(
      peak < limit,
      `${domain}: ${stage} in a process of its own holds ${held}, less than ${limit / 1e6} MB`,
    );
  }
}
// First what is soon done.
const texts = [numbered(5_000_000), 'n 00000000'];
// An example of the sample's endpoint has some 2,900 tokens at most.
const sequenceLength = 4096;
await ingest('cut', [{ text: texts }], {
  sequenceLength,
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  mix: {
    sources: [
      { from: 'augmented', repeat: 1 },
      { from: 'raw', repeat: 1 },
    ],
  },
});
await checkCut(store, { domain: 'cut', run: 'all' }, texts, sequenceLength);
await measure('large', large());
await measure('uneven', uneven());
store.close();
