import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DUPLICATES } from '../../activities/dedupe/duplicates.ts';
import { verifyPublication } from '../../activities/publish/verify.ts';
import { openDuplicates } from '../../client/duplicates/duplicate.ts';
import { readTexts } from '../../client/duplicates/texts.ts';
import { findVerdicts } from '../../client/duplicates/verdicts.ts';
import { type DuplicatesQuestion, readDuplicates } from '../../client/duplicates.ts';
import type { Output } from '../../lake/commit.ts';
import { sha256 } from '../../lake/hash.ts';
import { nodeArgs } from '../../lake/node-args.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf, putTexts, textSpec } from '../pipeline.ts';

const RUN = { domain: 'twice', run: 'r1' };
const CLI = fileURLToPath(new URL('../../client/cli.ts', import.meta.url));
const A = 'raw/twice/a.parquet';
const B = 'raw/twice/b.parquet';

const words = (name: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${name}${i * 7}`).join(' ');
const LIST = `${words('entry', 200)}.`;
const HOSTILE = `\u001b[31m${words('red', 30)}. \u202e${words('back', 30)}.`;
/** Blank rows shift nothing: a row is known by its place in its source. */
const ROWS: Record<string, (string | null)[]> = {
  [A]: [null, LIST, HOSTILE, words('alone', 60)],
  [B]: [
    `${LIST} And one more.`,
    LIST.toUpperCase(),
    words('other', 60),
    ` ${HOSTILE} `,
    `${LIST} And two more.`,
  ],
};

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
  for (const [key, texts] of Object.entries(ROWS)) await putTexts(pipeline.store, key, texts);
  // A partition for each block, so that texts have to be looked for.
  const input = { prefix: 'raw/twice/', text: 'text', partitionBytes: 1024 };
  await pipeline.runIngest(
    textSpec('twice', {
      input,
      mix: { sources: [{ from: 'raw', weight: 1 }] },
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
    }),
    'r1',
  );
}, 120_000);
afterAll(async () => {
  await pipeline?.close();
});

const ask = (question: Partial<DuplicatesQuestion> = {}) =>
  readDuplicates(pipeline.store, RUN, { limit: 10, members: 10, texts: false, ...question });

test('clusters are those of the published table, the largest first', async () => {
  const found = await ask();
  expect(found).toMatchObject({
    decided: true,
    published: true,
    total: 2,
    duplicates: 4,
    near: 2,
    earlier: 0,
  });
  expect(found.clusters).toEqual([
    {
      kept: { run: 'r1', key: A, row: 1 },
      size: 3,
      dropped: [
        { key: B, row: 0, kind: 'near', similarity: expect.closeTo(196 / 199, 1) },
        { key: B, row: 1, kind: 'exact', similarity: 1 },
        { key: B, row: 4, kind: 'near', similarity: expect.closeTo(196 / 199, 1) },
      ],
    },
    {
      kept: { run: 'r1', key: A, row: 2 },
      size: 1,
      dropped: [{ key: B, row: 3, kind: 'exact', similarity: 1 }],
    },
  ]);
  expect((await ask({ kind: 'near' })).clusters.map(({ size }) => size)).toEqual([2]);
  expect((await ask({ minSimilarity: 1 })).clusters.map(({ size }) => size)).toEqual([1, 1]);
  expect((await ask({ key: `${B}:3` })).clusters.map(({ kept }) => kept.row)).toEqual([2]);
  expect((await ask({ key: B, limit: 1 })).clusters.map(({ kept }) => kept.row)).toEqual([1]);
});

test('texts are found by the plan of the run, and are the raw ones', async () => {
  const { clusters } = await ask({ texts: true });
  const texts = clusters.flatMap(({ kept, dropped }) => [kept, ...dropped]);
  expect(texts.map(({ text }) => text?.text)).toEqual(texts.map(({ key, row }) => ROWS[key]?.[row]));
  expect(texts.every(({ text }) => text?.characters === text?.text.length)).toBe(true);
  const missing = await readTexts(pipeline.store, 'twice', [
    { run: 'r1', key: A, row: 0 },
    { run: 'r1', key: 'raw/twice/none.parquet', row: 1 },
    { run: 'none', key: A, row: 1 },
  ]);
  expect(missing.size).toBe(0);
});

test('before it is published a run has the verdicts of its commit, before those none', async () => {
  const { store } = pipeline;
  const whole = await ask();
  // The lake of a run under way: the log of the domain is not written yet.
  const unpublished = {
    ...store,
    find: async (key: string) => (key.startsWith('index/') ? undefined : store.find(key)),
  };
  const question = { limit: 10, members: 10, texts: true };
  const found = await readDuplicates(unpublished, RUN, question);
  expect(found).toMatchObject({ decided: true, published: false, duplicates: whole.duplicates });
  expect(found.clusters.map(({ kept }) => kept.text?.text)).toEqual([ROWS[A]?.[1], ROWS[A]?.[2]]);
  const undecided = { ...unpublished, async *list() {} };
  expect(await readDuplicates(undecided, RUN, question)).toMatchObject({ decided: false, clusters: [] });
  await expect(readDuplicates(store, { ...RUN, run: 'none' }, question)).rejects.toThrow('there is no run');
});

test('a table that names the run of the kept document is believed, one without means the run itself', async () => {
  const { store } = pipeline;
  const columns = (run: readonly string[]) => [
    { name: 'key', type: 'string' as const, data: [B, B] },
    { name: 'row', type: 'int64' as const, data: [0n, 1n] },
    { name: 'keptKey', type: 'string' as const, data: [A, A] },
    { name: 'keptRow', type: 'int64' as const, data: [1n, 1n] },
    { name: 'kind', type: 'string' as const, data: ['near', 'exact'] },
    { name: 'similarity', type: 'double' as const, data: [0.9, 1] },
    ...(run.length === 0 ? [] : [{ name: 'keptRun', type: 'string' as const, data: run }]),
  ];
  async function runsOf(run: readonly string[]): Promise<string[]> {
    const bytes = parquetBytes(columns(run));
    const output: Output = {
      name: DUPLICATES,
      key: `tables/${run.length}.parquet`,
      size: bytes.length,
      sha256: sha256(bytes),
    };
    await store.put(output.key, bytes);
    const { batches } = await openDuplicates(store, output, 'tonight');
    const runs: string[] = [];
    for await (const batch of batches()) runs.push(...batch.map(({ kept }) => kept.run));
    return runs;
  }
  expect(await runsOf([])).toEqual(['tonight', 'tonight']);
  expect(await runsOf(['before', 'tonight'])).toEqual(['before', 'tonight']);
});

test('the publication names the table, and a table that is not the one is found out', async () => {
  const { store } = pipeline;
  const publication = await publicationOf(store, RUN);
  expect(publication.duplicates).toEqual((await findVerdicts(store, RUN))?.table);
  const outcome = async (duplicates: Output) =>
    (await verifyPublication(store, { ...publication, duplicates })).find(
      ({ what }) => what === 'duplicates',
    );
  const named = publication.duplicates as Output;
  expect(await outcome(named)).toMatchObject({ ok: true });
  expect(await outcome({ ...named, sha256: '0'.repeat(64) })).toMatchObject({ ok: false });
});

test('the command shows them from the lake alone', async () => {
  const { bucket, endpoint, accessKeyId, secretAccessKey } = pipeline.lab.s3;
  // Port 9 is discard: nobody listens there.
  const elsewhere = ['--address', '127.0.0.1:9', '--bucket', bucket, '--s3-endpoint', endpoint];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const duplicates = (...more: string[]) =>
    promisify(execFile)(
      process.execPath,
      [...nodeArgs(), CLI, 'duplicates', 'twice/r1', ...more, ...elsewhere],
      { env },
    );
  const { stdout } = await duplicates('--members', '1');
  expect(stdout.split('\n').slice(0, 5)).toEqual([
    'twice/r1: 4 duplicates, 2 of them near; 2 clusters',
    '',
    `1. kept ${A} row 1: 3 documents dropped for it`,
    expect.stringMatching(/^ {3}near {2}0\.9\d\d {2}raw\/twice\/b\.parquet row 0$/),
    '   … and 2 more',
  ]);
  const { stdout: texts } = await duplicates('--texts', '--key', `${A}:2`);
  expect(texts).toContain('\\x1b[31m');
  expect(texts).toContain('\\u202e');
  expect(texts).not.toContain('\u001b');
  const { stdout: json } = await duplicates('--limit', '1', '--json', '--texts');
  expect(JSON.parse(json)).toMatchObject({
    ...RUN,
    clusters: [{ kept: { key: A, row: 1, text: { text: LIST } }, size: 3 }],
  });
  for (const wrong of [
    ['--limit', 'many'],
    ['--min-similarity', '2'],
    ['--kind', 'other'],
  ]) {
    await expect(duplicates(...wrong)).rejects.toMatchObject({ code: 2 });
  }
}, 60_000);
