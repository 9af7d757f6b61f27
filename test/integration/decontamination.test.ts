import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CONTAMINATION,
  CONTAMINATION_COLUMNS,
  type ContaminationRow,
  contaminationRow,
} from '../../activities/benchmarks/contamination.ts';
import type { IndexedSet } from '../../activities/benchmarks/index-benchmarks.ts';
import { PAIR_COLUMNS, PAIRS } from '../../activities/filter/pair-table.ts';
import type { ContaminationReport } from '../../activities/publish/publication.ts';
import { readManifest, verifyPublication } from '../../activities/publish/verify.ts';
import { REJECTS } from '../../activities/scan/texts.ts';
import type { Stage } from '../../activities/versions.ts';
import { readContamination } from '../../client/contamination.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { summaryLines } from '../../client/view/summary.ts';
import { outputOf, readJson } from '../../lake/commit.ts';
import { documentId } from '../../lake/identity.ts';
import { nodeArgs } from '../../lake/node-args.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { type BruteItem, bruteForce } from '../brute-contamination.ts';
import { stateOf } from '../client/run-states.ts';
import { failureOf } from '../executions.ts';
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

const CLI = fileURLToPath(new URL('../../client/cli.ts', import.meta.url));
const QUESTION = 'Which instrument did the harbour master of Port Elm use to read the tide?';
const CONTEXT =
  'In the year of the great flood the people of Upper Wensley carried eleven bells over the frozen lake to the mill.';
const texts = samplePassages().map(({ text }) => text);
const planted = [
  `${texts[0]}\n\nAsked once: ${QUESTION.toUpperCase()}`,
  `${texts[1]}\n\nIt is told that ${CONTEXT.slice(3)}`,
  `${texts[2]}\n\nQ: Who keeps the ferry? A: old Tam Lin`,
];
const corpus = [...texts.slice(3, 20), ...planted];
const instructions = [
  ['Say hello.', 'Hello!'],
  [`Answer this: ${QUESTION}`, 'A brass gauge.'],
  ['Tell a story.', `Well. ${CONTEXT}`],
  ['Who keeps the ferry?', 'Old Tam Lin does.'],
  [null, 'nothing was asked'],
] as const;

let pipeline: Pipeline;
/** What was asked and answered in a run that looks for nothing. */
let pairs: { key: string; row: number; index: number; question: string; answer: string }[];
let items: BruteItem[];

const base = (changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec('e', {
    dedupe: { near: false },
    mix: {
      sources: [
        { from: 'augmented', weight: 1 },
        { from: 'instructions', prefix: 'raw/e-i/', question: 'q', answer: 'a', weight: 1 },
      ],
    },
    ...changes,
  });
const decontaminate: NonNullable<IngestSpec['decontaminate']> = {
  sets: [
    {
      name: 'lines',
      prefix: 'eval/lines/',
      fields: { question: 'q', answer: 'answers.text', context: 'context' },
    },
    { name: 'table', prefix: 'eval/table/', fields: { question: 'question', options: 'choices' } },
  ],
};
const clean = (changes: Partial<IngestSpec> = {}): IngestSpec => base({ decontaminate, ...changes });

async function rowsOf(run: string, stage: Stage, table: string, columns: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const commit of await commitsOf(pipeline.store, { domain: 'e', run }, stage)) {
    const output = commit.outputs.find(({ name }) => name === table);
    if (output !== undefined) rows.push(...(await readTable(pipeline.store, output, columns)));
  }
  return rows;
}
async function foundIn(run: string): Promise<ContaminationRow[]> {
  const columns = CONTAMINATION_COLUMNS.map(({ name }) => name);
  const all: Row[] = [];
  for (const stage of ['scan', 'filter', 'template'] as const) {
    all.push(...(await rowsOf(run, stage, CONTAMINATION, columns)));
  }
  return all.map(contaminationRow);
}
async function pairsOf(run: string): Promise<typeof pairs> {
  const places = new Map(
    corpus.map((_, row) => [documentId('raw/e/a.parquet', row), { key: 'raw/e/a.parquet', row }]),
  );
  return (
    await rowsOf(
      run,
      'filter',
      PAIRS,
      PAIR_COLUMNS.map(({ name }) => name),
    )
  ).map(({ document, index, question, answer }) => ({
    ...(places.get(String(document)) ?? { key: '', row: -1 }),
    index: Number(index),
    question: String(question),
    answer: String(answer),
  }));
}
const sorted = (all: readonly unknown[]): string[] => all.map((each) => JSON.stringify(each)).sort();
const words = (text: string): number => text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;

beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
  const { store } = pipeline;
  await putTexts(store, 'raw/e/a.parquet', corpus, { rowGroupBytes: 6_000 });
  await store.put(
    'raw/e-i/a.parquet',
    parquetBytes([
      { name: 'q', type: 'string', data: instructions.map(([q]) => q) },
      { name: 'a', type: 'string', data: instructions.map(([, a]) => a) },
    ]),
  );
  await pipeline.runIngest(base(), 'plain');
  pairs = await pairsOf('plain');
  // What a model was to ask: one long question, and one that is short but for its answer.
  const unsaid = ({ question, answer }: (typeof pairs)[number]): boolean =>
    corpus.every((text) => {
      const brute = bruteForce([
        { benchmark: '', item: '', itemRow: 0, values: { question: [question], answer: [answer] } },
      ]);
      return brute(text).every(({ field }) => field !== 'question');
    });
  const long = pairs.find((pair) => words(pair.question) >= 9 && unsaid(pair));
  const short = pairs.find(
    (pair) => words(pair.question) > 2 && words(pair.question) < 8 && words(pair.answer) < 8 && unsaid(pair),
  );
  const spoken = pairs.find(({ answer }) => words(answer) >= 13);
  if (long === undefined || short === undefined || spoken === undefined) throw new Error('no such pairs');
  const lines = [
    { q: QUESTION, answers: { text: ['a brass gauge'] }, context: 'too short' },
    { q: 'Who keeps the ferry?', answers: { text: ['Tam Lin', 'nobody at all'] }, context: CONTEXT },
    { q: short.question, answers: { text: [short.answer] }, context: CONTEXT },
    { q: null, answers: { text: [] }, context: null },
    { q: 'What <QUE> is </END> it?', answers: null, context: spoken.answer },
  ];
  const broken = ['{"q": "cut off', '[1]', '"\u001b[31m"'];
  const text = [...lines.slice(0, 2).map((each) => JSON.stringify(each)), ...broken, ''];
  const more = lines.slice(2).map((each) => JSON.stringify(each));
  await store.put('eval/lines/dev.jsonl', `\ufeff${[...text, ...more].join('\r\n')}`);
  await store.put('eval/lines/README.md', '# of lines');
  await store.put(
    'eval/table/test.parquet',
    parquetBytes([
      { name: 'question', type: 'string', data: [long.question, 'Short?', null] },
      { name: 'choices', type: 'strings', data: [['yes', 'no'], [CONTEXT, 'b'], null] },
    ]),
  );
  const lineOf = (i: number): number => (i < 2 ? i + 1 : i + 5);
  items = [
    ...lines.map(
      ({ q, answers, context }, i): BruteItem => ({
        ...{ benchmark: 'lines', item: 'eval/lines/dev.jsonl', itemRow: lineOf(i) },
        values: { question: q ? [q] : [], answer: answers?.text ?? [], context: context ? [context] : [] },
      }),
    ),
    ...[
      { question: [long.question], options: ['yes', 'no'] },
      { question: ['Short?'], options: [CONTEXT, 'b'] },
    ].map(
      (values, itemRow): BruteItem => ({
        ...{ benchmark: 'table', item: 'eval/table/test.parquet', itemRow, values },
      }),
    ),
  ];
  await pipeline.runIngest(clean(), 'clean');
}, 180_000);
afterAll(() => pipeline?.close());

const RUN = { domain: 'e', run: 'clean' };
const POLICY = { question: 'drop', answer: 'drop', options: 'flag', context: 'flag' } as const;
/** Rows of the corpus in which a field with such a policy is found, by brute force. */
function rowsWith(policy: Record<string, string>): { dropped: number[]; flagged: number[] } {
  const brute = bruteForce(items);
  const of = corpus.map((text) => brute(text).map(({ field }) => policy[field]));
  const at = (is: (policies: (string | undefined)[]) => boolean) =>
    [...of.keys()].filter((row) => is(of[row] ?? []));
  return {
    dropped: at((each) => each.includes('drop')),
    flagged: at((each) => each.length > 0 && !each.includes('drop')),
  };
}

describe('what has words of an evaluation set', () => {
  test('is found as by brute force, in documents, pairs and instructions, and nothing else', async () => {
    const brute = bruteForce(items);
    const place = (key: string, row: number, pair: number | null) => ({ key, row, pair });
    const expected = [
      ...corpus.flatMap((text, row) =>
        brute(text).map((match) => ({
          ...match,
          source: 'document',
          ...place('raw/e/a.parquet', row, null),
        })),
      ),
      ...instructions.flatMap(([q, a], row) =>
        q === null
          ? []
          : brute(`${q} ${a}`).map((match) => ({
              ...{ ...match, source: 'instructions-1' },
              ...place('raw/e-i/a.parquet', row, null),
            })),
      ),
    ];
    const found = await foundIn('clean');
    const rows = found.map(({ benchmark, item, itemRow, field, source, key, row, pair }) => ({
      ...{ benchmark, item, itemRow, field, source, key, row, pair },
    }));
    const ofPairs = ({ pair }: { pair: number | null }): boolean => pair !== null;
    expect(sorted(rows.filter((each) => !ofPairs(each)))).toEqual(sorted(expected));
    expect(found.every(({ field, policy }) => POLICY[field] === policy)).toBe(true);

    const entries = await pairsOf('clean');
    const asked = entries.flatMap(({ key, row, index, question, answer }) => [
      ...brute(question, answer).map((match) => ({ ...match, source: 'question', key, row, pair: index })),
      ...brute(answer, '').map((match) => ({ ...match, source: 'answer', key, row, pair: index })),
    ]);
    // Options and rationales are looked at as well, which the table of pairs does not have.
    const inPairs = sorted(rows.filter(ofPairs));
    expect(inPairs).toEqual(expect.arrayContaining(sorted(asked)));
    expect(asked.filter(({ source }) => source === 'question').length).toBeGreaterThan(1);
    expect(asked.filter(({ source }) => source === 'answer').length).toBeGreaterThan(0);
  });
  test('is dropped or flagged by its field: documents and instructions are rejects, pairs are filtered', async () => {
    const columns = ['key', 'row', 'reason', 'detail'];
    const rejects = [
      ...(await rowsOf('clean', 'scan', REJECTS, columns)),
      ...(await rowsOf('clean', 'template', REJECTS, columns)),
    ];
    const contaminated = rejects.filter(({ reason }) => reason === 'contaminated');
    expect(contaminated.map(({ key, row }) => `${String(key)} ${Number(row)}`).sort()).toEqual([
      'raw/e-i/a.parquet 1',
      'raw/e-i/a.parquet 3',
      `raw/e/a.parquet ${corpus.indexOf(planted[0] as string)}`,
      `raw/e/a.parquet ${corpus.indexOf(planted[2] as string)}`,
    ]);
    expect(contaminated.map(({ detail }) => detail)).toContain('lines, question: who keeps the ferry');
    const publication = await publicationOf(pipeline.store, RUN);
    const { counts } = await readManifest(pipeline.store, publication.manifest);
    expect(counts.rows.rejectReasons).toEqual({ contaminated: 2 });
    expect(counts.instructions).toMatchObject({ rejects: 3, rejectReasons: { contaminated: 2, null: 1 } });
    expect(counts.pairs.filtered.contaminated).toBeGreaterThan(1);
    const dropped = await rowsOf('clean', 'filter', PAIRS, ['dropped']);
    expect(dropped.filter((each) => each.dropped === 'contaminated').length).toBe(
      counts.pairs.filtered.contaminated,
    );
    expect(counts.contamination?.records).toMatchObject({
      document: { dropped: 2, flagged: rowsWith(POLICY).flagged.length },
      'instructions-1': { dropped: 2, flagged: 1 },
      pair: { dropped: counts.pairs.filtered.contaminated },
    });
  });
  test('is summed by set, field, source and policy in a report that the publication names, and verifies', async () => {
    const publication = await publicationOf(pipeline.store, RUN);
    const checks = await verifyPublication(pipeline.store, publication);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['contamination', 'contamination balances']),
    );
    const { contamination } = publication;
    if (contamination === undefined) throw new Error('no report');
    const report = await readJson<ContaminationReport>(pipeline.store, contamination);
    const found = await foundIn('clean');
    for (const { benchmark, field, source, policy, texts, matches } of report.matches) {
      const rows = found.filter(
        (each) =>
          each.benchmark === benchmark &&
          each.field === field &&
          each.source === source &&
          each.policy === policy,
      );
      // The two items with the same context are one match, and two rows.
      const values = new Set(
        rows.map(({ key, row, pair, words, of }) => JSON.stringify([key, row, pair, words, of])),
      );
      expect([texts, matches]).toEqual([
        new Set(rows.map(({ key, row, pair }) => `${key} ${row} ${pair}`)).size,
        values.size,
      ]);
    }
    const [lines, table] = report.sets as [IndexedSet, IndexedSet];
    expect(lines).toMatchObject({ name: 'lines', objects: 1, ignored: 1, items: 5, broken: 3 });
    expect(lines.firstBroken).toEqual([
      { key: 'eval/lines/dev.jsonl', row: 3, problem: 'not JSON' },
      { key: 'eval/lines/dev.jsonl', row: 4, problem: 'not a JSON object' },
      { key: 'eval/lines/dev.jsonl', row: 5, problem: 'not JSON' },
    ]);
    expect(table).toMatchObject({ name: 'table', items: 3, values: 2, broken: 0 });
    const { manifest } = publication;
    const core = await readManifest(pipeline.store, manifest);
    const [line] = summaryLines(stateOf({ status: 'completed', manifest: core })).filter((each) =>
      each.startsWith('  contamination'),
    );
    expect(line).toContain('documents: 2 dropped, ');
  });
});

test('cutting partitions differently changes no byte of what is published, and finds the same', async () => {
  const spec = clean();
  await pipeline.runIngest({ ...spec, input: { ...spec.input, partitionBytes: 1_024 } }, 'cut');
  expect((await commitsOf(pipeline.store, { ...RUN, run: 'cut' }, 'scan')).length).toBeGreaterThan(2);
  expect(await canonical(pipeline.store, { ...RUN, run: 'cut' })).toEqual(
    await canonical(pipeline.store, RUN),
  );
  expect(sorted(await foundIn('cut'))).toEqual(sorted(await foundIn('clean')));
  const report = async (run: string) => {
    const { contamination } = await publicationOf(pipeline.store, { ...RUN, run });
    return contamination?.sha256;
  };
  expect(await report('cut')).toBe(await report('clean'));
}, 120_000);

test('policies are the spec’s', async () => {
  const policy = { question: 'flag', answer: 'flag', options: 'drop', context: 'drop' } as const;
  const sets = decontaminate.sets.map((set) => ({ ...set, policy }));
  await pipeline.runIngest(clean({ decontaminate: { sets } }), 'other');
  const { manifest } = await publicationOf(pipeline.store, { ...RUN, run: 'other' });
  const { counts } = await readManifest(pipeline.store, manifest);
  const { dropped, flagged } = rowsWith(policy);
  expect(dropped).toContain(corpus.indexOf(planted[1] as string));
  expect(counts.contamination?.records.document).toEqual({
    dropped: dropped.length,
    flagged: flagged.length,
  });
  expect(counts.rows.rejectReasons).toEqual({ contaminated: dropped.length });
}, 120_000);

test('a set that cannot be looked for is an error before any text is read', async () => {
  const fails = async (change: object, run: string) => {
    const sets = [{ ...decontaminate.sets[1], ...change }] as NonNullable<
      IngestSpec['decontaminate']
    >['sets'];
    return failureOf(pipeline.runIngest(clean({ decontaminate: { sets }, decisionTimeout: '1s' }), run));
  };
  const { store } = pipeline;
  expect(await fails({ prefix: 'eval/nothing/' }, 'x1')).toMatchObject({ type: 'BadBenchmark' });
  const missing = await fails({ fields: { question: 'qestion' } }, 'x2');
  expect(missing.type).toBe('SchemaMismatch');
  expect(missing.message).toMatch(/"qestion"; .*"question".*eval\/table\/test\.parquet/);
  await store.put('eval/odd/a.jsonl', '{"q": {"text": "a"}}\n');
  const nested = await fails({ prefix: 'eval/odd/', fields: { question: 'q' } }, 'x3');
  expect(nested.type).toBe('SchemaMismatch');
  expect(nested.message).toContain('is an object (text); name a member of it, as "q.text"');
  expect((await fails({ prefix: 'eval/odd/', fields: { question: 'q.text' } }, 'x4')).message).toContain(
    'fewer than 8 words',
  );
  expect((await fails({ prefix: 'eval/odd/', fields: { answer: 'a' } }, 'x5')).message).toContain(
    'no item has "a"',
  );
  await store.put('eval/torn/a.parquet', 'PAR1');
  expect((await fails({ prefix: 'eval/torn/' }, 'x6')).type).toBe('CorruptParquet');
  await store.put('eval/bad/a.jsonl', 'no JSON\n');
  expect((await fails({ prefix: 'eval/bad/' }, 'x7')).message).toContain(
    'not one line is a JSON object (line 1: not JSON)',
  );
  expect(await commitsOf(store, { ...RUN, run: 'x1' }, 'scan')).toEqual([]);
}, 120_000);

test('the command shows it from the lake alone', async () => {
  const { store, lab } = pipeline;
  const { benchmark: _, ...all } = {
    benchmark: 0,
    ...(await readContamination(store, RUN, { limit: 1_000 })),
  };
  expect(sorted(all.rows)).toEqual(sorted(await foundIn('clean')));
  await expect(readContamination(store, { ...RUN, run: 'plain' }, { limit: 1 })).rejects.toThrow(
    'names no evaluation sets',
  );
  await expect(readContamination(store, RUN, { limit: 1, benchmark: 'tabel' })).rejects.toThrow(
    'did you mean "table"?',
  );
  const { bucket, endpoint, accessKeyId, secretAccessKey } = lab.s3;
  // Port 9 is discard: nobody listens there.
  const elsewhere = ['--address', '127.0.0.1:9', '--bucket', bucket, '--s3-endpoint', endpoint];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const contamination = (...more: string[]) =>
    promisify(execFile)(
      process.execPath,
      [...nodeArgs(), CLI, 'contamination', 'e/clean', ...more, ...elsewhere],
      { env },
    );
  const { stdout } = await contamination('--benchmark', 'lines', '--limit', '1000');
  expect(stdout).toContain('not read: eval/lines/dev.jsonl 3: not JSON');
  expect(stdout).toMatch(
    /drop document raw\/e\/a\.parquet row \d+: lines question, eval\/lines\/dev\.jsonl 2 \(1\/1\)\nwho keeps the ferry\n/,
  );
  expect(stdout).not.toContain('eval/table/test.parquet');
  const { stdout: json } = await contamination('--limit', '2', '--json');
  expect(JSON.parse(json)).toMatchObject({ ...RUN, matching: all.matching, matches: all.matches });
  expect((JSON.parse(json) as { rows: unknown[] }).rows.length).toBe(2);
}, 60_000);

test('without evaluation sets nothing of it is there', async () => {
  const publication = await publicationOf(pipeline.store, { ...RUN, run: 'plain' });
  expect(publication.contamination).toBeUndefined();
  const { counts } = await readManifest(pipeline.store, publication.manifest);
  expect(counts.contamination).toBeUndefined();
  expect(await commitsOf(pipeline.store, { ...RUN, run: 'plain' }, 'benchmarks')).toEqual([]);
  const [scan] = await commitsOf(pipeline.store, { ...RUN, run: 'plain' }, 'scan');
  expect(() => outputOf(scan as NonNullable<typeof scan>, CONTAMINATION)).toThrow();
});
