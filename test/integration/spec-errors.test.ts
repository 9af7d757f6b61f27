import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pinsKey } from '../../lake/layout.ts';
import { type IngestSpec, QUEUES } from '../../workflows/contract.ts';
import { attemptsOf, failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, SYNTHESIZE, textSpec } from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  const { endpoints } = pipeline.settings;
  const standard = endpoints.default;
  if (standard === undefined) throw new Error('the pipeline has no endpoint');
  await pipeline.work({
    ...pipeline.settings,
    endpoints: {
      ...endpoints,
      'other-model': { ...standard, model: 'a-model-nobody-serves' },
      nowhere: { ...standard, urls: [`${standard.urls[0]}/not-here`] },
    },
  });
});
afterAll(async () => {
  const published: string[] = [];
  for await (const { key } of pipeline.store.list('index/')) if (key.includes('/log/')) published.push(key);
  await pipeline.close();
  expect(published, 'what failed runs have made visible').toEqual([]);
});

/** Starts a run that must fail, and gives its failure: final, and met by the first attempt at every activity. */
async function fails(workflowId: string, spec: unknown): Promise<{ type: string; message: string }> {
  const { client } = pipeline.lab;
  const handle = await client.workflow.start('ingestDomain', {
    workflowId,
    taskQueue: QUEUES.workflows,
    args: [spec],
  });
  const { nonRetryable, ...failure } = await failureOf(handle.result());
  expect(nonRetryable).toBe(true);
  expect(new Set(Object.values(await attemptsOf(client, workflowId)).flat())).toEqual(new Set([1]));
  return failure;
}
const pinned = async (domain: string, run: string): Promise<boolean> =>
  (await pipeline.store.head(pinsKey({ domain, run }))) !== undefined;

/** A valid spec of domain `d` with some of it changed. */
const spec = (changes: Partial<IngestSpec> = {}): IngestSpec => textSpec('d', changes);

describe('a spec that is not valid', () => {
  test('fails the workflow with every problem at once', async () => {
    const failure = await fails('ingest/d/invalid', {
      ...spec(),
      domain: 'No Domain',
      sequenceLenght: 1024,
      input: { prefix: '/raw' },
      synthesize: { ...SYNTHESIZE, rounds: 0, share: 2 },
      mix: { sources: [] },
    });
    expect(failure.type).toBe('InvalidSpec');
    for (const path of [
      'domain',
      'input.prefix',
      'input.text',
      'synthesize.rounds',
      'synthesize.share',
      'mix.sources',
      'sequenceLenght',
    ]) {
      expect(failure.message).toContain(`  - ${path}: `);
    }
    expect(failure.message).toContain('7 problems');
    expect(failure.message).toContain('sequenceLength');
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'spec.json'],
    ['a list', []],
  ])('%s for a spec is an InvalidSpec too', async (name, given) => {
    const failure = await fails(`ingest/d/${name.replace(' ', '-')}`, given);
    expect(failure.type).toBe('InvalidSpec');
  });

  test.each([
    'd-r1',
    'ingest/d',
    'ingest/d/',
    'ingest/d/a b',
    'ingest/D/r1',
    'run/d/r1',
    `ingest/d/${'x'.repeat(81)}`,
  ])('the workflow id %j is refused with the form it must have', async (workflowId) => {
    const failure = await fails(workflowId, spec());
    expect(failure.type).toBe('InvalidSpec');
    expect(failure.message).toContain('ingest/<domain>/<run>');
    expect(failure.message).toContain(JSON.stringify(workflowId));
  });

  test('a domain that is not the one of the workflow id is refused, both named', async () => {
    const failure = await fails('ingest/other/r1', spec());
    expect(failure.type).toBe('InvalidSpec');
    expect(failure.message).toContain('ingest/other/r1');
    expect(failure.message).toContain('"d"');
    expect(await pinned('other', 'r1')).toBe(false);
  });
});

describe('a name that the worker does not know', () => {
  test.each([
    ['endpoint', { synthesize: { ...SYNTHESIZE, endpoint: 'defualt' } }, 'default'],
    ['tokenizer', { tokenizer: 'gpt' }, 'default'],
    ['launcher', { train: { launcher: 'cluster' } }, 'default'],
    ['judge.endpoint', { judge: { endpoint: 'defaul' } }, 'did you mean "default"?'],
  ] as const)('%s: is an UnknownName that lists what there is', async (what, changes, known) => {
    const run = `unknown-${what}`;
    const failure = await fails(`ingest/d/${run}`, spec(changes));
    expect(failure.type).toBe('UnknownName');
    expect(failure.message).toContain(what);
    expect(failure.message).toContain(known);
    expect(await pinned('d', run)).toBe(false);
  });

  test('a model that the endpoint does not serve is a ModelNotFound that names those it has', async () => {
    const failure = await fails(
      'ingest/d/model',
      spec({ synthesize: { ...SYNTHESIZE, endpoint: 'other-model' } }),
    );
    expect(failure.type).toBe('ModelNotFound');
    expect(failure.message).toContain('a-model-nobody-serves');
    expect(failure.message).toContain('instruct-lake-rules');
    expect(await pinned('d', 'model')).toBe(false);
  });

  test('an address that speaks no such protocol fails at once as well', async () => {
    const failure = await fails(
      'ingest/d/path',
      spec({ synthesize: { ...SYNTHESIZE, endpoint: 'nowhere' } }),
    );
    expect(failure.type).toBe('ModelNotFound');
    expect(failure.message).toContain('404');
  });
});

test('nothing under the prefix is a NothingToDo that names it; the run is pinned to its spec from then on', async () => {
  const failure = await fails('ingest/d/empty', spec());
  expect(failure.type).toBe('NothingToDo');
  expect(failure.message).toContain(`s3://${pipeline.store.bucket}/raw/d/`);
  expect(await pinned('d', 'empty')).toBe(true);

  const conflict = await fails('ingest/d/empty', spec({ sequenceLength: 512, seed: 'another' }));
  expect(conflict.type).toBe('SpecConflict');
  expect(conflict.message).toContain('seed, sequenceLength');
  expect(conflict.message).toContain('--run');

  // The same spec, written with its defaults and in another order, is no conflict.
  const { mix, ...rest } = spec();
  const same = await fails('ingest/d/empty', { mix, maxFailedFraction: 0, mode: 'full', ...rest });
  expect(same.type).toBe('NothingToDo');
});

test('objects that are not Parquet by name are nothing to do', async () => {
  await pipeline.store.put('raw/names/readme.txt', 'x');
  await pipeline.store.put('raw/names/_metadata.parquet', 'x');
  const failure = await fails('ingest/names/r1', textSpec('names'));
  expect(failure.type).toBe('NothingToDo');
});
