import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAIR_COLUMNS, PAIRS, type PairRow } from '../../activities/filter/pair-table.ts';
import { readManifest, verifyPublication } from '../../activities/publish/verify.ts';
import { ENTRIES, ENTRY_COLUMNS, entryOf } from '../../activities/synthesize/entry-table.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import type { Stage } from '../../activities/versions.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { outputOf } from '../../lake/commit.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec, PairKind, Span } from '../../workflows/contract.ts';
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

const KINDS: PairKind[] = ['plain', 'option', 'cot', 'option-cot'];
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
  const texts = samplePassages().map(({ text }) => text);
  await putTexts(pipeline.store, 'raw/f/a.parquet', texts.slice(0, 16), { rowGroupBytes: 6_000 });
  // The same text twice but for one word at its end: what is asked of one is asked of the other.
  const last = texts[20] as string;
  await putTexts(pipeline.store, 'raw/f/b.parquet', [...texts.slice(16, 21), `${last} Altogether.`]);
}, 120_000);
afterAll(() => pipeline?.close());

const spec = (changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec('f', {
    dedupe: { near: false },
    ...changes,
  });
/** Rows of a table of all commits of a stage. */
async function rowsOf(run: string, stage: Stage, table: string, columns: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const commit of await commitsOf(pipeline.store, { domain: 'f', run }, stage)) {
    rows.push(...(await readTable(pipeline.store, outputOf(commit, table), columns)));
  }
  return rows;
}
const names = (columns: readonly { name: string }[]): string[] => columns.map(({ name }) => name);
const pairsOf = async (run: string) =>
  (await rowsOf(run, 'filter', PAIRS, names(PAIR_COLUMNS))) as unknown as PairRow[];
const entriesOf = async (run: string) =>
  (await rowsOf(run, 'synthesize', ENTRIES, names(ENTRY_COLUMNS))).map(entryOf);
async function manifestOf(run: string) {
  const publication = await publicationOf(pipeline.store, { domain: 'f', run });
  const wrong = (await verifyPublication(pipeline.store, publication)).filter(({ ok }) => !ok);
  expect(wrong).toEqual([]);
  return readManifest(pipeline.store, publication.manifest);
}
const order = (a: string, b: string): number => (a < b ? -1 : 1);

describe('without filters', () => {
  test('every parsed pair is measured, and none dropped but questions that a text was asked before', async () => {
    await pipeline.runIngest(spec(), 'measured');
    const pairs = await pairsOf('measured');
    const parsed = (await entriesOf('measured')).flatMap(({ id, pairs }) =>
      pairs.map((_, i) => `${id}/${i}`),
    );
    expect(pairs.map(({ document, index }) => `${document}/${index}`).sort(order)).toEqual(
      parsed.sort(order),
    );
    expect(pairs.filter(({ dropped }) => dropped !== null)).toEqual([]);
    const { counts, pairs: report } = await manifestOf('measured');
    expect(counts.pairs).toMatchObject({ valid: parsed.length, kept: parsed.length, filtered: {} });
    expect(Object.keys(report.kinds).sort(order)).toEqual([...KINDS].sort(order));
    expect(report.verdicts.yes).toBeGreaterThan(0);
    expect(report.openings.length).toBe(20);
  });
  test('what another text was asked and answered is flagged', async () => {
    const pairs = await pairsOf('measured');
    const flagged = pairs.filter(({ elsewhere }) => elsewhere);
    expect(flagged.length).toBeGreaterThan(0);
    for (const { document, question, answer } of flagged) {
      const same = pairs.filter((each) => each.question === question && each.answer === answer);
      expect(same.some((each) => each.document !== document)).toBe(true);
    }
  });
});

describe('with filters', () => {
  const filtered = spec({
    mix: {
      sources: [
        { from: 'augmented', weight: 1 },
        { from: 'raw', weight: 1 },
      ],
    },
    filters: {
      grounding: { min: 1, kinds: KINDS },
      copy: { max: 0.9, kinds: KINDS },
      questionLength: { max: 20 },
      answerLength: { min: 2, kinds: ['plain'] },
    },
  });
  test('each pair is kept, or dropped with its reason; counts balance, and documents hold the kept ones alone', async () => {
    await pipeline.runIngest(filtered, 'filtered');
    const [pairs, before] = [await pairsOf('filtered'), await pairsOf('measured')];
    // The same pairs, measured the same: what is dropped is the only difference.
    const bare = (rows: readonly PairRow[]) =>
      rows
        .map(({ dropped, ...row }) =>
          JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v)),
        )
        .sort(order);
    expect(bare(pairs)).toEqual(bare(before));
    for (const { dropped, kind, grounding, copy, questionLength, answerLength } of pairs) {
      const expected =
        grounding !== null && Number(grounding) < 1
          ? 'grounding'
          : copy !== null && Number(copy) > 0.9
            ? 'copy'
            : Number(questionLength) > 20
              ? 'questionLength'
              : kind === 'plain' && Number(answerLength) < 2
                ? 'answerLength'
                : null;
      expect(dropped).toBe(expected);
    }
    const kept = pairs.filter(({ dropped }) => dropped === null);
    const { counts } = await manifestOf('filtered');
    expect(Object.keys(counts.pairs.filtered).length).toBeGreaterThan(2);
    expect(counts.pairs).toMatchObject({ valid: pairs.length, kept: kept.length, rendered: kept.length });

    const documents = await rowsOf('filtered', 'template', DOCUMENTS, ['id', 'source', 'spans']);
    const answers = documents.flatMap(({ spans }) =>
      (JSON.parse(String(spans)) as Span[]).filter(({ kind }) => kind === 'answer'),
    );
    expect(answers.length).toBe(kept.length);
    // A text left without pairs is a document of its own, by its own id.
    const entries = await entriesOf('filtered');
    const emptied = entries.filter(
      ({ id, pairs }) => pairs.length > 0 && !kept.some(({ document }) => document === id),
    );
    expect(emptied.length).toBeGreaterThan(0);
    const raw = documents.filter(({ source }) => source === 'raw').map(({ id }) => id);
    for (const { id } of emptied) expect(raw).toContain(id);
  });
  test('cutting partitions differently changes no byte', async () => {
    const input = { ...filtered.input, partitionBytes: 1_024 };
    await pipeline.runIngest({ ...filtered, input }, 'cut');
    expect((await commitsOf(pipeline.store, { domain: 'f', run: 'cut' }, 'filter')).length).toBeGreaterThan(
      2,
    );
    expect(await canonical(pipeline.store, { domain: 'f', run: 'cut' })).toEqual(
      await canonical(pipeline.store, { domain: 'f', run: 'filtered' }),
    );
  });
});
