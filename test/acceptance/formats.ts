// tier: readers — one run in every format, exported and read back by numpy, pyarrow, datasets, datatrove and tokenizers, which all see the same tokens, targets and documents
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec, ShardFormat } from '../../workflows/contract.ts';
import { caseFor, PYTHON } from '../readers/published.ts';
import { DATA, lake, must, run, skip } from './lib.ts';
import { stackUp } from './parts/stack.ts';

if (PYTHON === undefined)
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh does');
if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const FORMATS: ShardFormat[] = ['megatron', 'parquet-text', 'olmo', 'datatrove', 'parquet-ids', 'arrow'];
const { folder, env, settings } = await stackUp('formats');
const store = openS3(settings.s3);
for (const name of ['mplus', 'ninds']) {
  await store.put(`raw/med/${name}.parquet`, readFileSync(join(DATA, `corpus/${name}.parquet`)));
}
store.close();
const spec: IngestSpec = {
  domain: 'med',
  input: { prefix: 'raw/med/', id: 'id', text: 'text', title: 'title' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: 1 },
  tokenizer: 'default',
  sequenceLength: 1024,
  mix: { preset: 'general' },
  shards: { formats: FORMATS, mask: true, ignoreMask: true, bytes: 500_000 },
};
writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
const made = await lake(['ingest', 'spec.json', '--run', 'all', '--watch'], { cwd: folder, env });
must(made.code === 0, 'a run with every format ends well');
const verified = await lake(['verify', 'med/all'], { cwd: folder, env });
must(
  verified.code === 0 && verified.stdout.includes('other files agree'),
  'it verifies, its other files too',
);
const folders: Partial<Record<ShardFormat, string>> = {};
for (const format of FORMATS) {
  const to = join(folder, format);
  folders[format] = to;
  const exported = await lake(['export', 'med/all', '--format', format, '--to', to], { cwd: folder, env });
  must(exported.code === 0, `export --format ${format}: ${exported.stdout.trim()}`);
}
const again = await lake(['export', 'med/all', '--to', join(folder, 'megatron')], { cwd: folder, env });
const [, files, there] = /^(\d+) files.*\((\d+) were there\)/.exec(again.stdout) ?? [];
must(files === there, 'what is there is not fetched again');
const manifest = JSON.parse(readFileSync(join(folder, 'megatron', 'manifest.json'), 'utf8')) as ManifestCore;
const tokenizer = { file: sampleTokenizerPath(), eos: manifest.pins.tokenizer.eos };
const what = { folders, tokenizer, dtype: manifest.dtype, length: spec.sequenceLength };
const { code, stderr } = await run(PYTHON, caseFor('read_formats.py', folder, what), { echo: true });
must(code === 0, `all readers agree${code === 0 ? '' : `:\n${stderr}`}`);
