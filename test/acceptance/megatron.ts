// tier: torch — one run in every format, read by what trainers on PyTorch read with: Megatron-LM's IndexedDataset, GPTDataset and blend, datatrove's data set, memory maps, and DataLoader over datasets; all see the same tokens and targets
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import type { IngestSpec, ShardFormat } from '../../workflows/contract.ts';
import { caseFor, PYTHON, published } from '../readers/published.ts';
import { lake, must, run, skip } from './lib.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';

if (PYTHON === undefined) {
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh --torch does');
}
const FORMATS: ShardFormat[] = ['megatron', 'olmo', 'datatrove', 'arrow', 'parquet-ids'];
const stack = await stackUp('megatron');
const { folder, env } = stack;
await importBiomed(stack);
const spec: IngestSpec = {
  ...BIOMED,
  sequenceLength: 256,
  shards: { formats: FORMATS, mask: true, ignoreMask: true, bytes: 20_000 },
};
writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
const made = await lake(['ingest', 'spec.json', '--run', 'all', '--watch'], { cwd: folder, env });
must(made.code === 0, `a run with every format ends well${made.code === 0 ? '' : `:\n${made.stderr}`}`);
const folders: Partial<Record<ShardFormat, string>> = {};
for (const format of FORMATS) {
  const to = join(folder, format);
  folders[format] = to;
  const exported = await lake(['export', 'biomed/all', '--format', format, '--to', to], { cwd: folder, env });
  must(exported.code === 0, `export --format ${format}: ${exported.stdout.trim()}`);
}
const manifest = JSON.parse(
  readFileSync(join(folders.megatron ?? '', 'manifest.json'), 'utf8'),
) as ManifestCore;
const { shards } = published(join(folder, '.instruct-lake', 's3', 'lake'), 'biomed', 'all');

const megatron = await run(PYTHON, caseFor('read_megatron.py', folder, { shards }), { echo: true });
must(
  megatron.code === 0,
  `megatron-core and numpy agree on all of them${megatron.code === 0 ? '' : `:\n${megatron.stderr}`}`,
);
const what = {
  folders,
  documents: Object.fromEntries(
    shards.map(({ name, bin }) => [name, bin.replace(/\.bin$/, '.documents.parquet')]),
  ),
  length: spec.sequenceLength,
  eos: manifest.pins.tokenizer.eos,
  highest: manifest.pins.tokenizer.highestId,
};
const { code, stderr } = await run(PYTHON, caseFor('read_torch.py', folder, what), { echo: true });
must(code === 0, `all readers agree${code === 0 ? '' : `:\n${stderr}`}`);
