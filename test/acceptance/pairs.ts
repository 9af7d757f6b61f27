// tier: ci — the pairs of a run exported, imported into another domain and taken up with another tokenizer; and a published form, JSONL with QA_list: no request to the endpoint
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { copyKey } from '../../lake/layout.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec, PairsSpec } from '../../workflows/contract.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { type Finished, lake, must } from './lib.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const endpoint = await openCountingEndpoint();
const stack = await stackUp('pairs', { endpoints: { counted: { url: endpoint.url } } });
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });
async function manifestOf(domain: string, run: string): Promise<ManifestCore> {
  const bytes = await store.find(copyKey({ domain, run }, 'manifest.json'));
  return JSON.parse(new TextDecoder().decode(bytes)) as ManifestCore;
}
/** Ingests a spec, and has it verified. */
async function ingested(spec: IngestSpec | PairsSpec, run: string): Promise<ManifestCore> {
  writeFileSync(join(folder, `${spec.domain}.json`), JSON.stringify(spec));
  const { code, stderr } = await ours('ingest', `${spec.domain}.json`, '--run', run, '--watch');
  must(code === 0, `${spec.domain}/${run} is published${code === 0 ? '' : `: ${stderr}`}`);
  must((await ours('verify', `${spec.domain}/${run}`)).code === 0, `${spec.domain}/${run} verifies`);
  return manifestOf(spec.domain, run);
}

await importBiomed(stack);
const mix: IngestSpec['mix'] = { preset: 'general' };
const first = await ingested(
  { ...BIOMED, synthesize: { ...BIOMED.synthesize, endpoint: 'counted' }, mix },
  'r1',
);
const requests = endpoint.asked.length;
must(requests > 0, `the first run asked ${requests} times, and has ${first.counts.pairs.kept} pairs`);

const exported = await ours('export', 'biomed/r1', '--pairs', '--to', 'augmented');
must(exported.code === 0, `export --pairs: ${exported.stdout.trim()}`);
const imported = await ours('import', 'augmented', '--pairs', '--to', 'pairs/elsewhere/', '--json');
const objects = JSON.parse(imported.stdout) as { rows: number; pairs: number }[];
const pairs = objects.reduce((sum, each) => sum + each.pairs, 0);
must(pairs === first.counts.pairs.kept, `all of its ${pairs} pairs are imported elsewhere`);

const rest = { tokenizer: 'default', mix };
const elsewhere = await ingested(
  { domain: 'elsewhere', from: { pairs: 'pairs/elsewhere/' }, sequenceLength: 512, ...rest },
  'r1',
);
must(
  elsewhere.counts.pairs.kept === pairs && elsewhere.counts.texts.setAside === 0,
  `a run there has all of them in its documents: ${elsewhere.counts.documents.chains} chains, ${elsewhere.counts.texts.linked} texts linked`,
);

const published = [
  {
    context: 'The Po is a river of Italy.',
    QA_list: [{ Q: 'What is the Po?', A: 'A river.' }],
    rc_name: 'x',
  },
  {
    context: 'The Rhine is a river, too.',
    QA_list: [{ Q: 'And the Rhine?', A: 'Also one.' }, { Q: 'Why?' }],
  },
];
writeFileSync(join(folder, 'rivers.jsonl'), published.map((each) => `${JSON.stringify(each)}\n`).join(''));
const rivers = await ours('import', 'rivers.jsonl', '--pairs', '--to', 'pairs/rivers/');
must(
  /2 rows, 2 pairs; no pairs: 1 unreadable/.test(rivers.stdout),
  `JSONL of a published form: ${rivers.stdout.trim().split('\n')[0]}`,
);
const made = await ingested(
  { domain: 'rivers', from: { pairs: 'pairs/rivers/', rounds: 2 }, sequenceLength: 512, ...rest },
  'r1',
);
const { valid, reasons } = made.counts.pairs;
must(
  valid === 2 && reasons.unreadable === 1 && made.counts.texts.linked === 1,
  `${valid} pairs in one chain of two texts, and what is none is counted: ${JSON.stringify(reasons)}`,
);
must(endpoint.asked.length === requests, 'neither of them has asked the endpoint for anything');
await endpoint.close();
