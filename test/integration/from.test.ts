import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { readRunLedger } from '../../client/read-ledger.ts';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { templateStatistics } from '../../client/templates/stats.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { QUEUES, type RemixResult } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf } from '../pipeline.ts';

const { train: _, mix: __, ...SAMPLE } = sampleSpec;
const ONCE = {
  sources: [
    { from: 'augmented', repeat: 1 },
    { from: 'raw', repeat: 1 },
  ],
};
const SPEC = {
  ...SAMPLE,
  synthesize: { ...SAMPLE.synthesize, share: 0.6 },
  mix: ONCE,
  shards: { bytes: 40_000 },
};
const begin = (stage: string, more: object) => ({ domain: 'sample', from: { run: 'r1', stage }, ...more });

let pipeline: Pipeline;
/** Requests of the run that the others begin on. */
let asked = 0;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  const { store, settings } = pipeline;
  await putSample(store);
  const [tokenizer] = Object.values(settings.tokenizers);
  if (tokenizer === undefined) throw new Error('there is no tokenizer');
  await pipeline.work({
    ...settings,
    tokenizers: { ...settings.tokenizers, begun: { ...tokenizer, bos: '<|begin|>' } },
  });
  await pipeline.runIngest(SPEC, 'r1');
  asked = pipeline.endpoint.asked.length;
}, 180_000);
afterAll(() => pipeline?.close());

async function manifestOf(run: string): Promise<ManifestCore> {
  const { manifest } = await publicationOf(pipeline.store, { domain: 'sample', run });
  return readManifest(pipeline.store, manifest);
}
async function runs(spec: object, run: string): Promise<ManifestCore> {
  await pipeline.runIngest(spec, run);
  const checks = await verifyRun(pipeline.store, { domain: 'sample', run }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  return manifestOf(run);
}

test('a mix with a smaller share is what a run with that share makes, byte for byte, without a request', async () => {
  const mixed = await runs(begin('mix', { mix: { ...ONCE, share: 0.3 } }), 'mixed');
  expect(pipeline.endpoint.asked.length).toBe(asked);
  expect(mixed.counts.usage).toEqual({ promptTokens: 0, completionTokens: 0 });
  const { published, ledger } = await readRunLedger(pipeline.store, { domain: 'sample', run: 'mixed' });
  expect({ published, requests: ledger.total.requests, endpoint: ledger.endpoint }).toEqual({
    published: true,
    requests: 0,
    endpoint: null,
  });
  const whole = await manifestOf('r1');
  expect(mixed.from).toMatchObject({ run: 'r1', generation: 1, stage: 'mix' });
  expect(mixed.shards).not.toEqual(whole.shards);
  const direct = await runs({ ...SPEC, synthesize: { ...SPEC.synthesize, share: 0.3 } }, 'direct');
  expect(mixed.shards).toEqual(direct.shards);
  expect(mixed.mix).toEqual(direct.mix);
  const again = await runs(begin('mix', { mix: { ...ONCE, share: 0.6 } }), 'again');
  expect(again.shards).toEqual(whole.shards);
  asked = pipeline.endpoint.asked.length;
}, 120_000);

test('the wording of a run is told from the lake: every chain by its mode, every pool by what was drawn', async () => {
  const { chains, modes, pools } = await templateStatistics(pipeline.store, { domain: 'sample', run: 'r1' });
  expect(chains).toBe((await manifestOf('r1')).counts.documents.chains);
  expect(Object.values(modes).reduce((sum, count) => sum + count, 0)).toBe(chains);
  // One of each chain.
  expect(pools['between-examples']?.draws).toBe(chains);
  expect(pools.plain?.wordings).toBeGreaterThan(1);
});

test('with alsoRaw the raw texts of chains stand in the mix as well', async () => {
  const both = await runs(begin('mix', { mix: { ...ONCE, alsoRaw: true } }), 'both');
  const whole = await manifestOf('r1');
  const tokens = ({ mix }: ManifestCore, source: string): number =>
    mix.find((each) => each.source === source)?.unique ?? 0;
  expect(tokens(both, 'augmented')).toBe(tokens(whole, 'augmented'));
  const none = await runs(begin('mix', { mix: { sources: [{ from: 'raw', repeat: 1 }], share: 0 } }), 'none');
  // All texts once: raw those that have pairs, and those that have none.
  expect(tokens(both, 'raw')).toBe(tokens(none, 'raw'));
  expect(none.counts.documents.mixed).toBe(60);
}, 120_000);

test('a share above what was synthesized is an error that counts what is missing', async () => {
  const running = pipeline.runIngest(begin('mix', { mix: { ...ONCE, share: 0.9 } }), 'more');
  const message = expect.stringMatching(/a share of 0.9 takes \d+ texts as converted that were not/);
  await expect(running).rejects.toMatchObject({ cause: { cause: { message } } });
});

test('another tokenizer and sequence length, without a request; the pairs are the same', async () => {
  const begun = await runs(begin('template', { tokenizer: 'begun', sequenceLength: 128 }), 'templated');
  expect(pipeline.endpoint.asked.length).toBe(asked);
  const whole = await manifestOf('r1');
  expect(begun.pins.tokenizer.bos).toBe(0);
  expect(begun.counts.pairs).toEqual(whole.counts.pairs);
  expect(begun.counts.rows).toEqual(whole.counts.rows);
  expect(begun.counts.documents.made).toBeGreaterThan(whole.counts.documents.made);
  const same = await runs(begin('template', {}), 'same');
  expect(same.shards).toEqual(whole.shards);
}, 120_000);

test('other filters, without a request; and a mix of what was begun', async () => {
  const filtered = await runs(begin('filter', { filters: { answerLength: { min: 3 } } }), 'filtered');
  const whole = await manifestOf('r1');
  expect(pipeline.endpoint.asked.length).toBe(asked);
  expect(filtered.counts.pairs.valid).toBe(whole.counts.pairs.valid);
  expect(filtered.counts.pairs.kept).toBeLessThan(whole.counts.pairs.kept);
  const mix = { sources: [{ from: 'augmented', repeat: 1 }] };
  const mixed = await runs({ domain: 'sample', from: { run: 'filtered', stage: 'mix' }, mix }, 'remixed');
  expect(mixed.counts.pairs).toEqual(filtered.counts.pairs);
  expect(mixed.mix[0]?.unique).toBe(filtered.mix[0]?.unique);
}, 120_000);

test.each([
  [
    'a run that is not there',
    { domain: 'sample', from: { run: 'nobody', stage: 'mix' } },
    /there is no run sample\/nobody/,
  ],
  [
    'a key that is settled before',
    begin('mix', { tokenizer: 'begun' }),
    /tokenizer: is settled before stage "mix"/,
  ],
  ['a key of the corpus', begin('filter', { seed: 'x' }), /seed: is as in the run that `from` names/],
  [
    'instructions that are not there',
    begin('mix', {
      mix: { sources: [{ from: 'instructions', prefix: 'raw/no/', question: 'q', answer: 'a', repeat: 1 }] },
    }),
    /has no instructions of raw\/no\//,
  ],
])('%s is refused', async (_, spec, message) => {
  const running = pipeline.runIngest(spec, 'refused');
  await expect(running).rejects.toMatchObject({
    cause: { cause: { message: expect.stringMatching(message) } },
  });
});

test('a sweep is one workflow, and a run for each share', async () => {
  const { client } = pipeline.lab;
  const args = [{ domain: 'sample', from: { run: 'r1' }, shares: [0.2, 0.4, 0.6] }];
  const { runs: made } = (await client.workflow.execute('remix', {
    workflowId: 'remix/sample/sweep',
    taskQueue: QUEUES.workflows,
    args,
  })) as RemixResult;
  expect(made.map(({ run }) => run)).toEqual(['sweep-0.2', 'sweep-0.4', 'sweep-0.6']);
  const units = await Promise.all(
    made.map(async ({ run }) => (await manifestOf(run)).mix.map(({ units }) => units)),
  );
  const [augmented = 0] = units[0] ?? [];
  expect(augmented).toBeGreaterThan(0);
  expect(units.map(([each = 0]) => each)).toEqual([...units.map(([each = 0]) => each)].sort((a, b) => a - b));
  expect((await manifestOf('sweep-0.6')).shards).toEqual((await manifestOf('r1')).shards);
  expect(pipeline.endpoint.asked.length).toBe(asked);
}, 120_000);
test('a sweep with a share too large publishes the others, and says which failed', async () => {
  const running = pipeline.lab.client.workflow.execute('remix', {
    workflowId: 'remix/sample/partly',
    taskQueue: QUEUES.workflows,
    args: [{ domain: 'sample', from: { run: 'r1' }, shares: [0.5, 0.8] }],
  });
  await expect(running).rejects.toMatchObject({
    cause: {
      type: 'MixShortfall',
      message: expect.stringMatching(/^sample\/partly-0.8: a share of 0.8 takes/),
    },
  });
  expect((await manifestOf('partly-0.5')).forms.share).toBe(0.5);
}, 120_000);

test('a run whose mix has instructions is begun on at every stage, and its instructions with it', async () => {
  const mix = sampleSpec.mix;
  const da = await runs({ ...SPEC, mix }, 'instructed');
  const requests = pipeline.endpoint.asked.length;
  const begun = (stage: string, more: object) => ({
    domain: 'sample',
    from: { run: 'instructed', stage },
    ...more,
  });
  const mixed = await runs(begun('mix', { mix: { share: 0.3 } }), 'instructed-mix');
  expect(mixed.mix.map(({ source }) => source)).toEqual(da.mix.map(({ source }) => source));
  const templated = await runs(begun('template', { sequenceLength: 128 }), 'instructed-template');
  expect(templated.mix[1]?.unique).toBe(da.mix[1]?.unique);
  // And what begins on one that has begun.
  const again = { domain: 'sample', from: { run: 'instructed-template', stage: 'mix' }, mix: { share: 0.3 } };
  expect((await runs(again, 'instructed-again')).mix[1]?.unique).toBe(da.mix[1]?.unique);
  expect(pipeline.endpoint.asked.length).toBe(requests);
}, 180_000);
