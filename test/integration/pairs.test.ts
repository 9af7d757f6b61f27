import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { ENTRIES } from '../../activities/synthesize/entry-table.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { traceDocument } from '../../client/trace/trace.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { outputOf } from '../../lake/commit.ts';
import { documentId } from '../../lake/identity.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { readTable } from '../../lake/table.ts';
import type { FromSpec, IngestSpec, MixSpec, Pair, PairsSpec } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { nestedPairs } from '../nested-pairs.ts';
import { commitsOf, openPipeline, type Pipeline, publicationOf } from '../pipeline.ts';

const { train: _, ...SAMPLE } = sampleSpec;
const MIX: MixSpec = {
  sources: [
    { from: 'augmented', repeat: 1 },
    { from: 'raw', repeat: 1 },
  ],
};

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await putSample(pipeline.store);
  await pipeline.work();
}, 120_000);
afterAll(() => pipeline?.close());

async function runs(spec: IngestSpec | PairsSpec | FromSpec, run: string): Promise<ManifestCore> {
  await pipeline.runIngest(spec, run);
  const checks = await verifyRun(pipeline.store, { domain: spec.domain, run }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const { manifest } = await publicationOf(pipeline.store, { domain: spec.domain, run });
  return readManifest(pipeline.store, manifest);
}

/** Pairs that a run has made, by the title of their text. */
async function pairsByTitle(run: string): Promise<Map<string, Pair[]>> {
  const { store } = pipeline;
  const byPlace = new Map<string, Pair[]>();
  for (const commit of await commitsOf(store, { domain: 'sample', run }, 'synthesize')) {
    for (const { key, row, pairs } of await readTable(store, outputOf(commit, ENTRIES), [
      'key',
      'row',
      'pairs',
    ])) {
      byPlace.set(`${key} ${row}`, JSON.parse(String(pairs)) as Pair[]);
    }
  }
  return new Map(
    samplePassages().map(({ title }, i) => [
      title,
      byPlace.get(`raw/sample/passages-${String(Math.floor(i / 5)).padStart(2, '0')}.parquet ${i % 5}`) ?? [],
    ]),
  );
}

test('the pairs of a run, given beside the same texts, give the same shards without a request', async () => {
  const { store, endpoint } = pipeline;
  const spec = { ...SAMPLE, mix: MIX };
  const asked = await runs(spec, 'asked');
  const requests = endpoint.asked.length;
  expect(asked.counts.pairs.valid).toBeGreaterThan(100);
  const pairs = await pairsByTitle('asked');
  const passages = samplePassages();
  for (let i = 0; i * 5 < passages.length; i++) {
    const some = passages.slice(i * 5, i * 5 + 5);
    const column = (name: string, data: string[]) => ({ name, type: 'string' as const, data });
    await store.put(
      `raw/sample/passages-${String(i).padStart(2, '0')}.parquet`,
      parquetBytes([
        column(
          'id',
          some.map(({ id }) => id),
        ),
        column(
          'title',
          some.map(({ title }) => title),
        ),
        column(
          'text',
          some.map(({ text }) => text),
        ),
        column(
          'given',
          some.map(({ title }) => JSON.stringify(pairs.get(title))),
        ),
      ]),
    );
  }
  const input = { ...spec.input, pairs: 'given' };
  const given = await runs(
    { ...spec, input, synthesize: { generator: 'given', rounds: 3, share: 1 } },
    'given',
  );
  expect(endpoint.asked.length).toBe(requests);
  expect(given.counts.usage).toEqual({ promptTokens: 0, completionTokens: 0 });
  expect(given.counts.pairs).toEqual(asked.counts.pairs);
  expect(given.shards).toEqual(asked.shards);
  expect(given.smokeTest).toBe(false);
  // And so does what begins on it.
  const mixed = await runs(
    { domain: 'sample', from: { run: 'given', stage: 'template' }, sequenceLength: 256 },
    'again',
  );
  expect(endpoint.asked.length).toBe(requests);
  expect(mixed.counts.pairs).toEqual(asked.counts.pairs);
}, 180_000);

test('from: {pairs}: what was imported is filtered, templated and mixed; what is no pair is counted', async () => {
  const { store, endpoint } = pipeline;
  const requests = endpoint.asked.length;
  const items = [
    { question: 'What is it about?', answer: 'Rivers.' },
    { question: 'What is it about?', answer: 'Lakes.' },
    { question: 'Which of them?', answer: 'Po', options: ['Po', 'Rhine'] },
    { question: 'Why?', answer: '' },
  ];
  const contexts = [
    'The Po is a river of Italy.',
    'The Rhine is a river of several countries.',
    'A text on its own.',
  ];
  await store.put(
    'pairs/rivers/a.parquet',
    parquetBytes([
      { name: 'id', type: 'string', data: ['a', 'b', null] },
      { name: 'title', type: 'string', data: [null, null, null] },
      { name: 'context', type: 'string', data: contexts },
      { name: 'pairs', type: 'string', data: [JSON.stringify(items), JSON.stringify(items.slice(2)), null] },
    ]),
  );
  const rest = { tokenizer: 'default', sequenceLength: 512, mix: MIX, shards: { bytes: 8192 } };
  const made = await runs({ domain: 'rivers', from: { pairs: 'pairs/rivers/', rounds: 2 }, ...rest }, 'r1');
  expect(endpoint.asked.length).toBe(requests);
  expect(made.counts.texts).toMatchObject({ prompted: 3, withPairs: 2, linked: 0 });
  // The question that comes twice is dropped where it is read, as in an answer of a model.
  expect(made.counts.pairs).toMatchObject({ valid: 3, kept: 3, reasons: { emptyAnswer: 2, repeated: 1 } });
  const traced = await traceDocument(
    store,
    { domain: 'rivers', run: 'r1' },
    documentId('pairs/rivers/a.parquet', 1),
  );
  expect(JSON.stringify(traced)).toContain('Rhine');
}, 120_000);

test('a column of lists is read as it was published; one of something else fails its source alone', async () => {
  const { store } = pipeline;
  const QA = [{ Q: 'What is it?', A: 'A lake.' }];
  await store.put('raw/lakes/a.parquet', nestedPairs(['Garda is a lake.', 'Como is another one.'], [QA, QA]));
  await store.put(
    'raw/lakes/b.parquet',
    parquetBytes([
      { name: 'context', type: 'string', data: ['Iseo is a third one.'] },
      { name: 'QA_list', type: 'double', data: [1] },
    ]),
  );
  const spec: IngestSpec = {
    domain: 'lakes',
    input: { prefix: 'raw/lakes/', text: 'context', pairs: 'QA_list' },
    synthesize: { generator: 'given', rounds: 2, share: 1 },
    tokenizer: 'default',
    sequenceLength: 512,
    mix: { sources: [{ from: 'augmented', repeat: 1 }] },
    maxFailedFraction: 0.5,
  };
  const made = await runs(spec, 'r1');
  expect(made.counts.pairs).toMatchObject({ valid: 2 });
  expect(made.counts.texts).toMatchObject({ linked: 1 });
  expect(made.failedSources).toEqual([{ key: 'raw/lakes/b.parquet', type: 'SchemaMismatch' }]);
}, 120_000);
