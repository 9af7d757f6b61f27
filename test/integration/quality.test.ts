import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest, verifyPublication } from '../../activities/publish/verify.ts';
import type { ScannedSource } from '../../activities/scan/scan-partition.ts';
import { REJECT_COLUMNS, REJECTS, TEXTS } from '../../activities/scan/texts.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import type { Stage } from '../../activities/versions.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { outputOf } from '../../lake/commit.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec, QualitySpec } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import {
  canonical,
  commitsOf,
  openPipeline,
  type Pipeline,
  publicationOf,
  putTexts,
  textSpec,
} from '../pipeline.ts';

const GOOD = samplePassages()
  .slice(0, 10)
  .map(({ text }) => text);
const SPAM = Array.from(
  { length: 30 },
  (_, i) => `Buy the pills of number ${i % 4} and be well with them`,
).join('\n');
const FRENCH =
  'Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.';
const TAGS = Array.from({ length: 60 }, (_, i) => `#the #water${i} and`).join(' ');
const QUALITY: QualitySpec = { language: { allow: ['eng'] }, gopherQuality: true, gopherRepetition: true };

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
  const { store } = pipeline;
  // Bad ones first, in the middle and last, so that what follows them moves up in its block.
  const texts = [SPAM, ...GOOD.slice(0, 4), FRENCH, null, 'Too short.', ...GOOD.slice(4, 7), TAGS];
  await putTexts(store, 'raw/q/a.parquet', texts, { rowGroupBytes: 6_000 });
  await putTexts(store, 'raw/q/b.parquet', [GOOD[0] as string, ' ', SPAM, ...GOOD.slice(7)]);
  // Nothing of it is good enough for some.
  await putTexts(store, 'raw/few/a.parquet', [SPAM, GOOD[0] as string]);
}, 120_000);
afterAll(() => pipeline?.close());

const spec = (changes: Partial<IngestSpec> = {}, partitionBytes?: number): IngestSpec =>
  textSpec('q', {
    input: { prefix: 'raw/q/', text: 'text', ...(partitionBytes === undefined ? {} : { partitionBytes }) },
    ...changes,
  });
async function rowsOf(run: string, stage: Stage, table: string, columns: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const commit of await commitsOf(pipeline.store, { domain: 'q', run }, stage))
    rows.push(...(await readTable(pipeline.store, outputOf(commit, table), columns)));
  return rows.sort((a, b) =>
    `${a.key} ${100 + Number(a.row)}` < `${b.key} ${100 + Number(b.row)}` ? -1 : 1,
  );
}
async function manifestOf(run: string) {
  const publication = await publicationOf(pipeline.store, { domain: 'q', run });
  const checks = await verifyPublication(pipeline.store, publication);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  return { checks, manifest: await readManifest(pipeline.store, publication.manifest) };
}

describe('rules of quality', () => {
  test('reject texts with a reason each, and the run goes on without them', async () => {
    const result = await pipeline.runIngest(spec({ quality: QUALITY }), 'rules');
    const reasons = {
      null: 1,
      blank: 1,
      'quality:language': 1,
      'quality:gopherQuality.words': 1,
      'quality:gopherQuality.symbols': 1,
      'quality:gopherRepetition.duplicateLines': 2,
    };
    expect(result.counts).toMatchObject({ rejects: 7, texts: 11 });
    for (const [reason, count] of Object.entries(reasons))
      expect(result.counts[`reject:${reason}`]).toBe(count);
    const { checks, manifest } = await manifestOf('rules');
    expect(manifest.counts.rows).toMatchObject({
      planned: 18,
      kept: 10,
      duplicates: 1,
      rejects: 7,
      rejectReasons: reasons,
    });
    expect(checks).toContainEqual({
      what: 'rejects balance',
      ok: true,
      detail: 'rejects = sum over reasons: 7 = 7',
    });
  }, 120_000);
  test('leave each rejected text in a table, with what was found', async () => {
    const rejects = await rowsOf(
      'rules',
      'scan',
      REJECTS,
      REJECT_COLUMNS.map(({ name }) => name),
    );
    const [a, b] = ['raw/q/a.parquet', 'raw/q/b.parquet'];
    expect(rejects.map(({ key, row, reason, detail }) => [key, Number(row), reason, detail])).toEqual([
      [a, 0, 'quality:gopherRepetition.duplicateLines', '0.867, more than 0.3, of the lines stand earlier'],
      [
        a,
        5,
        'quality:language',
        expect.stringMatching(/^reads as fra; the best of what is allowed has 0\.\d+, less than 0\.9$/),
      ],
      [a, 6, 'null', null],
      [a, 7, 'quality:gopherQuality.words', '2 words, fewer than 50'],
      [a, 11, 'quality:gopherQuality.symbols', '0.667, more than 0.1, number signs for each word'],
      [b, 1, 'blank', null],
      [b, 2, 'quality:gopherRepetition.duplicateLines', '0.867, more than 0.3, of the lines stand earlier'],
    ]);
    expect(rejects[0]?.excerpt).toContain('Buy the pills of number 0');
    const kept = await rowsOf('rules', 'scan', TEXTS, ['key', 'row', 'ordinal', 'valid', 'text']);
    expect(kept.map(({ text }) => text).sort()).toEqual([...GOOD, GOOD[0]].sort());
    // Rejected texts have no place in the schedule.
    expect(kept.filter(({ key }) => key === b).map(({ ordinal, valid }) => [ordinal, valid])).toEqual(
      [0, 1, 2, 3].map((ordinal) => [ordinal, 4]),
    );
    const documents = await rowsOf('rules', 'template', DOCUMENTS, ['text']);
    expect(documents.length).toBeGreaterThan(0);
    for (const { text } of documents) expect(String(text)).not.toMatch(/pills|#water|Tous les/);
  });
  test('are asked for by name: without them the same texts are used', async () => {
    const { counts } = await pipeline.runIngest(spec(), 'none');
    expect(counts).toMatchObject({ rejects: 2, 'reject:null': 1, 'reject:blank': 1, texts: 16 });
    await pipeline.runIngest(spec({ quality: { gopherQuality: { minWords: 3, maxSymbols: 1 } } }), 'loose');
    const { manifest } = await manifestOf('loose');
    expect(manifest.counts.rows.rejectReasons).toEqual({
      null: 1,
      blank: 1,
      'quality:gopherQuality.words': 1,
      'quality:gopherQuality.stopWords': 1,
    });
    const scans = await Promise.all(
      ['rules', 'none', 'loose'].map((run) => commitsOf(pipeline.store, { domain: 'q', run }, 'scan')),
    );
    expect(new Set(scans.flat().map(({ unit }) => unit)).size).toBe(1);
    expect(new Set(scans.flat().map(({ fp }) => fp)).size).toBe(3);
  }, 120_000);
  test('give the same bytes however the work is cut', async () => {
    await pipeline.runIngest(spec({ quality: QUALITY }, 1_024), 'small');
    const scans = await commitsOf(pipeline.store, { domain: 'q', run: 'small' }, 'scan');
    expect(scans.length).toBeGreaterThan(2);
    const [whole, cut] = await Promise.all(
      ['rules', 'small'].map((run) => canonical(pipeline.store, { domain: 'q', run })),
    );
    expect(cut).toEqual(whole);
    const sources = scans.flatMap(({ data }) => data as ScannedSource[]);
    for (const { rejects, rejectReasons } of sources)
      expect(Object.values(rejectReasons).reduce((sum, count) => sum + count, 0)).toBe(rejects);
  }, 120_000);
  test('that leave nothing end the run, and the error counts the reasons', async () => {
    const run = pipeline.runIngest(
      textSpec('q', {
        input: { prefix: 'raw/few/', text: 'text' },
        quality: { gopherQuality: { minWords: 99_999 } },
      }),
      'nothing',
    );
    await expect(run).rejects.toMatchObject({
      cause: {
        cause: {
          type: 'NothingToDo',
          message: expect.stringContaining(
            '2 rejects (2 quality:gopherQuality.words), 0 of 1 sources failed',
          ),
        },
      },
    });
  }, 120_000);
});
