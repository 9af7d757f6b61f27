// tier: ci — two real files are broken, one in its footer and one in a page; mended and replayed, the run has the hashes of one in which nothing was broken, for the requests of the two files alone; a parked run replays in place
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { canonical } from '../pipeline.ts';
import { DATA, type Finished, lake, must, skip, until } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const there = DATA;
const data = (path: string): Buffer => readFileSync(join(there, path));
const PREFIX = 'raw/med/';
/** As a disk or an upload breaks them. */
const BROKEN = {
  ninds: data('broken/bit-rot.parquet'),
  cancergov: data('corpus/cancergov.parquet').subarray(0, 200_000),
};
const ROWS = { mplus: 981, ninds: 273, cancergov: 116 };

const endpoint = await openCountingEndpoint();
const stack = await stackUp('replay', { endpoints: { counted: { url: endpoint.url } } });
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
const temporal = await temporalCli(settings.temporal, { cwd: folder, env });
const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });
const keyOf = (name: string): string => `${PREFIX}${name}.parquet`;

const spec: IngestSpec = {
  domain: 'med',
  input: { prefix: PREFIX, id: 'id', text: 'text', title: 'title' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'counted', rounds: 2, share: 1 },
  tokenizer: 'default',
  sequenceLength: 2048,
  mix: { sources: [{ from: 'augmented', weight: 1 }] },
};
writeFileSync(join(folder, 'tolerant.json'), JSON.stringify({ ...spec, maxFailedFraction: 1 }));
writeFileSync(join(folder, 'strict.json'), JSON.stringify(spec));

/** Runs a command that watches to the end; how many completions were asked for meanwhile. */
async function counted(...args: string[]): Promise<Finished & { requests: number }> {
  const before = endpoint.asked.length;
  const finished = await ours(...args, '--watch');
  return { ...finished, requests: endpoint.asked.length - before };
}

await store.put(keyOf('mplus'), data('corpus/mplus.parquet'));
for (const [name, bytes] of Object.entries(BROKEN)) await store.put(keyOf(name), bytes);
const first = await counted('ingest', 'tolerant.json', '--run', 'broken');
must(first.code === 3, `two of three files are broken: completed with failures, exit code 3`);
must(first.requests <= ROWS.mplus, `it asks ${first.requests} times for the file that is whole`);

const still = await counted('replay', 'med/broken', '--failed');
must(
  still.code === 1 && `${still.stdout}${still.stderr}`.includes('stays as it is') && still.requests === 0,
  'a replay while nothing is mended fails, says so, asks for nothing',
);
const verified = async (run: string): Promise<void> =>
  must((await ours('verify', `med/${run}`)).code === 0, `med/${run} verifies`);
await verified('broken');

// Parked with the same two files broken.
await ours('ingest', 'strict.json', '--run', 'parked');
const parkedIn = async (phase: string) =>
  until(`med/parked to park in ${phase}`, 120, async () => {
    const { parked } = await temporal.progress('ingest/med/parked');
    return parked?.phase === phase ? parked : undefined;
  });
const { decisions } = await parkedIn('plan');
must(decisions.includes('replayFailed'), 'a strict run parks, and says that a replay ends it');

for (const name of ['ninds', 'cancergov']) await store.put(keyOf(name), data(`corpus/${name}.parquet`));
const { code, requests, seconds } = await counted('replay', 'med/broken');
must(code === 0, 'mended, they are replayed: exit code 0');
must(requests > 0, `the replay asks ${requests} times, in ${seconds.toFixed(1)} s`);
await verified('broken');

const told = await ours('replay', 'med/parked');
must(
  told.code === 0 && told.stderr.includes('before its next phase'),
  'the parked run is told to replay in place',
);
const result = await temporal.result('ingest/med/parked');
must(result.code === 0, 'it goes on to its end');

const undisturbed = await counted('ingest', 'strict.json', '--run', 'undisturbed');
must(undisturbed.code === 0, `an undisturbed run of the three files asks ${undisturbed.requests} times`);
must(
  first.requests + requests - undisturbed.requests <= 5,
  `broken and replayed together ask as often (${first.requests} + ${requests}): chains alone that a mended file has cut are asked again`,
);
await mustBeSame(store, 'med', ['broken', 'undisturbed'], 'replayed and undisturbed');
await mustBeSame(store, 'med', ['parked', 'undisturbed'], 'replayed in place and undisturbed');
for (const [name, { bin }] of Object.entries(
  (await canonical(store, { domain: 'med', run: 'broken' })).shards,
)) {
  console.log(`  ${name}.bin ${bin}`);
}
must(
  (await ours('replay', 'med/broken')).code === 0,
  'replayed again without anything to replay it is started',
);
const nothing = await temporal.result('ingest/med/broken');
must(
  nothing.code === 1 && `${nothing.stdout}${nothing.stderr}`.includes('none of its sources has failed'),
  'and says that none of its sources has failed',
);
store.close();
await endpoint.close();
