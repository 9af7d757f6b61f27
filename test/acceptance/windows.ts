// tier: ci — a hundred random rows of sequenceLength under best fit, decoded and read: whole documents, one BOS and one EOS each, no marks of the protocol, no pair parted from its context but in examples longer than the row
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { openTokenizer } from '../../activities/tokenize/tokenizer.ts';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import { openStream } from '../../lake/random.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { DATA, lake, must, skip } from './lib.ts';
import { stackUp } from './parts/stack.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const WINDOWS = 100;
const LENGTH = 2048;
const MARKS = ['<CON>', '</CON>', '<QUE>', '<ANS>', '</END>'];
const file = sampleTokenizerPath();
const there = DATA;
const { folder, env, settings } = await stackUp('windows', {
  tokenizers: { begun: { file, bos: '<|begin|>', eos: '<|end|>' } },
});
const store = openS3(settings.s3);
for (const name of ['mplus', 'ninds', 'ghr']) {
  await store.put(`raw/med/${name}.parquet`, readFileSync(join(there, `corpus/${name}.parquet`)));
}
store.close();
const spec: IngestSpec = {
  domain: 'med',
  input: { prefix: 'raw/med/', id: 'id', text: 'text', title: 'title' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  tokenizer: 'begun',
  sequenceLength: LENGTH,
  mix: { preset: 'general' },
  shards: { formats: ['megatron', 'parquet-ids'], pack: 'bestfit' },
};
writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
const made = await lake(['ingest', 'spec.json', '--run', 'r1', '--watch'], { cwd: folder, env });
must(made.code === 0, 'a run on three real files ends well');
for (const format of ['megatron', 'parquet-ids']) {
  const exported = await lake(['export', 'med/r1', '--format', format, '--to', format], { cwd: folder, env });
  must(exported.code === 0, `its ${format} is here`);
}
const manifest = JSON.parse(readFileSync(join(folder, 'megatron/manifest.json'), 'utf8')) as ManifestCore;
const { bos, eos } = manifest.pins.tokenizer;
const tokenizer = await openTokenizer({ file, bos: '<|begin|>', eos: '<|end|>' });
const [shard] = manifest.shards;
if (shard === undefined || manifest.shards.length !== 1) throw new Error('NOT SO: there is one shard');

/** The documents as the index of the body cuts them, by their tokens. */
const idx = readFileSync(join(folder, `megatron/${shard.name}.idx`));
const ids = new Uint16Array(new Uint8Array(readFileSync(join(folder, `megatron/${shard.name}.bin`))).buffer);
const documents = new Set<string>();
let start = 0;
let longer = 0;
for (let i = 0; i < Number(idx.readBigUInt64LE(18)); i++) {
  const end = start + idx.readInt32LE(34 + i * 4);
  documents.add(ids.subarray(start, end).join());
  if (end - start > LENGTH) longer++;
  start = end;
}
const rows = (await parquetReadObjects({
  file: await asyncBufferFromFile(join(folder, `parquet-ids/${shard.name}.parquet`)),
  columns: ['input_ids', 'segment_ids'],
  compressors,
})) as { input_ids: number[]; segment_ids: number[] }[];
must(
  rows.length === manifest.rows.packedRows && longer === manifest.rows.cutDocuments,
  `${rows.length} rows, ${longer} documents are longer than one`,
);

const random = openStream('acceptance', 'windows', 'rows');
let whole = 0;
let parts = 0;
let shown = '';
for (let i = 0; i < WINDOWS; i++) {
  const row = random.pick(rows);
  if (row.input_ids.length !== LENGTH) throw new Error(`NOT SO: a row has ${row.input_ids.length} tokens`);
  const segments = [...new Set(row.segment_ids)].filter((each) => each > 0);
  for (const segment of segments) {
    const tokens = row.input_ids.filter((_, at) => row.segment_ids[at] === segment);
    const text = await tokenizer.decode(tokens);
    for (const mark of MARKS) if (text.includes(mark)) throw new Error(`NOT SO: ${mark} stands in a row`);
    const begins = tokens.filter((id) => id === bos).length;
    const ends = tokens.filter((id) => id === eos).length;
    if (documents.has(tokens.join())) {
      if (begins !== 1 || ends !== 1 || tokens[0] !== bos || tokens.at(-1) !== eos) {
        throw new Error(`NOT SO: a document has ${begins} BOS and ${ends} EOS`);
      }
      whole++;
      if (shown === '' && text.includes('?')) shown = text.slice(0, 1200);
    } else {
      if (segments.length !== 1 || begins + ends > 1)
        throw new Error('NOT SO: what is no whole document is a part of one that is longer than a row');
      parts++;
    }
  }
}
must(
  whole > parts && parts > 0,
  `${WINDOWS} rows, decoded: ${whole} documents whole, each with one BOS and one EOS, no marks of the protocol; ${parts} parts of documents that are longer than a row`,
);
const { shardPairs = 0, partedPairs = 0 } = manifest.rows;
must(
  shardPairs > 0 && partedPairs > 0,
  `of ${shardPairs} pairs ${partedPairs} would be parted from their contexts by concatenation; under best fit those of the longer documents alone`,
);
process.stdout.write(`  one of them begins:\n${shown.replace(/^/gm, '    | ')}\n`);
