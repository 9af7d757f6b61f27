// tier: ci — a sweep of three shares beside the run that it begins on, and that run taken up again with another tokenizer, other lengths and filters: no request to the endpoint
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { copyKey } from '../../lake/layout.ts';
import { openS3 } from '../../lake/s3.ts';
import type { FromSpec, IngestSpec } from '../../workflows/contract.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { DATA, type Finished, lake, must, skip } from './lib.ts';
import { stackUp } from './parts/stack.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const there = DATA;
const endpoint = await openCountingEndpoint();
const stack = await stackUp('remix', {
  endpoints: { counted: { url: endpoint.url } },
  tokenizers: { gpt2: { file: join(there, 'tokenizers/gpt2.json'), bos: 'none', eos: '<|endoftext|>' } },
});
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });
async function timed(...args: string[]): Promise<Finished & { seconds: number; requests: number }> {
  const [begun, before] = [performance.now(), endpoint.asked.length];
  const finished = await ours(...args);
  const seconds = (performance.now() - begun) / 1000;
  return { ...finished, seconds, requests: endpoint.asked.length - before };
}
async function manifestOf(run: string): Promise<ManifestCore> {
  const bytes = await store.find(copyKey({ domain: 'med', run }, 'manifest.json'));
  return JSON.parse(new TextDecoder().decode(bytes)) as ManifestCore;
}
async function mustVerify(run: string): Promise<void> {
  const verified = await ours('verify', `med/${run}`);
  must(verified.code === 0, `med/${run} verifies`);
}

for (const name of ['mplus', 'ninds']) {
  await store.put(`raw/med/${name}.parquet`, readFileSync(join(there, `corpus/${name}.parquet`)));
}
const spec: IngestSpec = {
  domain: 'med',
  input: { prefix: 'raw/med/', id: 'id', text: 'text', title: 'title' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'counted', rounds: 2, share: 0.6 },
  tokenizer: 'default',
  sequenceLength: 2048,
  mix: { preset: 'general' },
};
writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
const first = await timed('ingest', 'spec.json', '--run', 'whole', '--watch');
must(
  first.code === 0 && first.requests > 500,
  `the run itself: ${first.requests} requests, ${first.seconds.toFixed(1)} s`,
);

const sweep = await timed('remix', 'med/whole', '--to', 'sweep', '--shares', '0.2,0.4,0.6', '--wait');
must(sweep.code === 0, `the sweep ends: ${sweep.stdout.trim()}`);
must(
  sweep.requests === 0,
  `a sweep of three shares asks for nothing, and takes ${sweep.seconds.toFixed(1)} s beside ${first.seconds.toFixed(1)} s of the run`,
);
const whole = await manifestOf('whole');
let last = 0;
for (const share of [0.2, 0.4, 0.6]) {
  const run = `sweep-${share}`;
  await mustVerify(run);
  const { mix, forms, counts } = await manifestOf(run);
  const [augmented, raw] = mix;
  must(
    forms.share === share && (augmented?.units ?? 0) > last,
    `share ${share}: ${augmented?.units} chains, ${augmented?.got} tokens of them, ${raw?.got} raw`,
  );
  must(counts.usage.promptTokens === 0, 'it has cost nothing');
  last = augmented?.units ?? 0;
}
const same = JSON.stringify((await manifestOf('sweep-0.6')).shards) === JSON.stringify(whole.shards);
must(same, 'with the share of the run itself its shards are the same, byte for byte');
const more = await timed('remix', 'med/whole', '--to', 'more', '--shares', '0.7', '--wait');
const said = `${more.stdout}${more.stderr}`;
must(
  more.code === 1 && /takes \d+ texts as converted that were not/.test(said),
  'more than was synthesized is refused, and counted',
);

const anew: FromSpec = {
  domain: 'med',
  from: { run: 'whole', stage: 'filter' },
  tokenizer: 'gpt2',
  sequenceLength: 512,
  filters: { answerLength: { min: 2 } },
};
writeFileSync(join(folder, 'anew.json'), JSON.stringify(anew));
const second = await timed('ingest', 'anew.json', '--run', 'anew', '--watch');
must(
  second.code === 0 && second.requests === 0,
  `taken up with another tokenizer: ${second.requests} requests, ${second.seconds.toFixed(1)} s`,
);
await mustVerify('anew');
const { counts, pins, from } = await manifestOf('anew');
must(pins.tokenizer.name === 'gpt2' && from?.run === 'whole', 'it says what it begins on');
must(
  counts.pairs.valid === whole.counts.pairs.valid && counts.pairs.kept < whole.counts.pairs.kept,
  `${counts.pairs.kept} of ${counts.pairs.valid} pairs pass its filters, ${whole.counts.pairs.kept} did before`,
);
must(
  counts.documents.made > whole.counts.documents.made,
  `${counts.documents.made} documents of 512 tokens, ${whole.counts.documents.made} of 2,048 before`,
);
const { tokenizedBytes, slowBytes } = counts.tokenizing;
must(
  slowBytes < tokenizedBytes / 100,
  `${((1 - slowBytes / tokenizedBytes) * 100).toFixed(2)} % of the text went the fast way`,
);

await endpoint.close();
