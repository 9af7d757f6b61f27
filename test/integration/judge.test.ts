import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JudgeFigures, readFigures } from '../../activities/judge/figures.ts';
import { JUDGED, JUDGED_COLUMNS } from '../../activities/judge/judge-pairs.ts';
import { ENTRIES, ENTRY_COLUMNS, entryOf } from '../../activities/synthesize/entry-table.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { readLakeRecord } from '../../client/view/lake-record.ts';
import { outputOf } from '../../lake/commit.ts';
import { pairId } from '../../lake/identity.ts';
import { copyKey } from '../../lake/layout.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import { hash64 } from '../../lake/random.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { failureOf, startedNow } from '../executions.ts';
import { type AskedPair, type JudgeEndpoint, openJudgeEndpoint } from '../judge-endpoint.ts';
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

const texts = samplePassages()
  .slice(0, 18)
  .map(({ text }) => text);
let pipeline: Pipeline;
let chat: JudgeEndpoint;
let completions: JudgeEndpoint;

/** What the judge says rests on the pair alone: some right, some off, some unreadable at first or for good, some refused. */
const sort = ({ question }: AskedPair): number => question.length % 7;
function reply(pair: AskedPair, again: boolean): string | { status: number } {
  if (sort(pair) === 0) return { status: 400 };
  if (sort(pair) === 1) return 'I would rather not say.';
  if (sort(pair) === 2 && !again) return 'Well: {"accuracy": 1';
  return JSON.stringify({
    accuracy: sort(pair) > 3 ? 1 : 0,
    relevance: pair.text.length % 2,
    task: pair.answer.length > 20 ? 'Long answer' : 'short answer',
  });
}

beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  chat = await openJudgeEndpoint(reply);
  completions = await openJudgeEndpoint(reply, { chat: false });
  const { settings } = pipeline;
  const like = settings.endpoints.default as (typeof settings.endpoints)[string];
  const other = (urls: string[], more: object = {}) => ({ ...like, urls, concurrency: 4, ...more });
  await pipeline.work({
    ...settings,
    endpoints: {
      default: like,
      judge: other([chat.url]),
      bare: other([completions.url]),
      empty: other([chat.url], { model: 'another-judge' }),
    },
  });
  await putTexts(pipeline.store, 'raw/j/a.parquet', texts, { rowGroupBytes: 6_000 });
}, 120_000);
afterAll(async () => {
  await chat?.close();
  await completions?.close();
  await pipeline?.close();
});

const spec = (changes: Partial<IngestSpec> = {}): IngestSpec => textSpec('j', changes);
const of = (run: string) => ({ domain: 'j', run });
async function judgedOf(run: string): Promise<{ figures: JudgeFigures; rows: Row[] }> {
  const { judge } = await publicationOf(pipeline.store, of(run));
  if (judge === undefined) throw new Error('the publication names no figures of a judge');
  const [commit] = await commitsOf(pipeline.store, of(run), 'judge');
  if (commit === undefined) throw new Error('there is no commit of the judge');
  const columns = JUDGED_COLUMNS.map(({ name }) => name);
  const rows = await readTable(pipeline.store, outputOf(commit, JUDGED), columns);
  return { figures: await readFigures(pipeline.store, judge), rows };
}
/** Ids of the pairs that are to be drawn, from the rounds themselves. */
async function expectedSample(run: string, n: number): Promise<string[]> {
  const ids: string[] = [];
  for (const commit of await commitsOf(pipeline.store, of(run), 'synthesize')) {
    const columns = ENTRY_COLUMNS.map(({ name }) => name);
    for (const row of await readTable(pipeline.store, outputOf(commit, ENTRIES), columns)) {
      const { id, pairs } = entryOf(row);
      ids.push(...pairs.map((_, i) => pairId(id, i)));
    }
  }
  const key = (id: string): bigint => hash64('instruct-lake', 'judge', id);
  return ids.sort((a, b) => (key(a) < key(b) ? -1 : 1)).slice(0, n);
}

describe('a judge that speaks chat', () => {
  const PAIRS = 30;
  beforeAll(
    () => pipeline.runIngest(spec({ judge: { endpoint: 'judge', pairs: PAIRS } }), 'judged'),
    120_000,
  );

  test('is asked about a seeded sample of all pairs, each with its text, and its figures are counted', async () => {
    const { figures, rows } = await judgedOf('judged');
    expect(rows.map(({ pair }) => pair)).toEqual(await expectedSample('judged', PAIRS));
    for (const { pair } of chat.asked) expect(texts.some((text) => text.includes(pair.text))).toBe(true);
    const asked = new Map(chat.asked.map(({ pair }) => [`${pair.question}\n${pair.answer}`, pair]));
    let [accurate, relevant] = [0, 0];
    for (const { question, answer, accuracy, relevance, failed } of rows) {
      const pair = asked.get(`${String(question)}\n${String(answer)}`) as AskedPair;
      const expected = sort(pair) === 0 ? 'refused' : sort(pair) === 1 ? 'unparsable' : null;
      expect(failed).toBe(expected);
      if (expected !== null) continue;
      expect(accuracy).toBe(sort(pair) > 3 ? 1 : 0);
      accurate += Number(accuracy);
      relevant += Number(relevance);
    }
    const failed = (why: string): number => rows.filter((row) => row.failed === why).length;
    expect(figures).toMatchObject({ sampled: PAIRS, accurate, relevant, model: 'some-judge' });
    expect(figures).toMatchObject({ refused: failed('refused'), unparsable: failed('unparsable') });
    expect(figures.judged + figures.refused + figures.unparsable).toBe(PAIRS);
    expect(Math.min(figures.judged, figures.refused, figures.unparsable)).toBeGreaterThan(0);
  });
  test('is asked once more for what cannot be read, and no more than once', () => {
    const times = new Map<string, number>();
    for (const { pair } of chat.asked) {
      const key = `${pair.question}\n${pair.answer}\n${pair.text}`;
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    for (const [key, n] of times) {
      expect(n).toBe([1, 2].includes((key.split('\n')[0] as string).length % 7) ? 2 : 1);
    }
  });
  test('changes no byte of shards and manifest; its figures stand where people look', async () => {
    await pipeline.runIngest(spec(), 'unjudged');
    const [judged, unjudged] = await Promise.all(
      ['judged', 'unjudged'].map((run) => canonical(pipeline.store, of(run))),
    );
    expect(judged).toEqual(unjudged);
    const { figures } = await judgedOf('judged');
    const copy = JSON.parse(
      new TextDecoder().decode(await pipeline.store.find(copyKey(of('judged'), 'manifest.json'))),
    ) as { judge: unknown };
    expect(copy.judge).toEqual(figures);
    expect((await readLakeRecord(pipeline.store, of('judged')))?.judge).toEqual(figures);
    expect((await readLakeRecord(pipeline.store, of('unjudged')))?.judge).toBeNull();
    const checks = await verifyRun(pipeline.store, of('judged'), () => {});
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.find(({ what }) => what === 'judge')?.detail).toContain(`of ${PAIRS} pairs judged`);
  });
  test('is asked about the same pairs in other partitions', async () => {
    const input = { prefix: 'raw/j/', text: 'text', partitionBytes: 1_024 };
    await pipeline.runIngest(spec({ input, judge: { endpoint: 'judge', pairs: PAIRS } }), 'cut');
    const [judged, cut] = [await judgedOf('judged'), await judgedOf('cut')];
    expect((await commitsOf(pipeline.store, of('cut'), 'synthesize')).length).toBeGreaterThan(5);
    expect(cut.rows).toEqual(judged.rows);
    expect(cut.figures).toEqual(judged.figures);
  });
});

test('a judge that has completions alone says the same', async () => {
  await pipeline.runIngest(spec({ judge: { endpoint: 'bare', pairs: 30 } }), 'bare');
  const { endpoint: _, ...figures } = (await judgedOf('bare')).figures;
  const { endpoint: __, ...others } = (await judgedOf('judged')).figures;
  expect(figures).toEqual(others);
  expect(new Set(completions.asked.map(({ path }) => path))).toEqual(new Set(['/v1/completions']));
});

test('an outage in its middle costs no answer twice', async () => {
  chat.asked.length = 0;
  chat.refuse(503, 7);
  const handle = await pipeline.start(spec({ seed: 'x', judge: { endpoint: 'judge', pairs: 25 } }), 'outage');
  await expect
    .poll(() => startedNow(pipeline.lab.client, handle.workflowId, 'judgePairs'), { timeout: 60_000 })
    .toBeGreaterThan(0);
  await expect
    .poll(
      async () => {
        const { pendingActivities } = (await handle.describe()).raw;
        return Math.max(0, ...(pendingActivities ?? []).map(({ attempt }) => attempt ?? 0));
      },
      { timeout: 60_000 },
    )
    .toBeGreaterThan(1);
  const before = chat.asked.length;
  expect(before).toBe(7);
  chat.refuse(200);
  await handle.result();
  const bodies = chat.asked.filter(({ pair }) => sort(pair) !== 0).map(({ body }) => JSON.stringify(body));
  expect(new Set(bodies).size).toBe(bodies.length);
  expect((await judgedOf('outage')).figures.sampled).toBe(25);
}, 120_000);

test.each([
  ['is not in the configuration', 'nowhere', 'UnknownName', /does not define: judge\.endpoint "nowhere"/],
  ['lacks the model', 'empty', 'ModelNotFound', /another-judge.*some-judge/],
])('a judge that %s is found before any work', async (_, endpoint, type, said) => {
  const failing = spec({ decisionTimeout: '1s', judge: { endpoint } });
  const failure = await failureOf(pipeline.runIngest(failing, `no-${endpoint}`));
  expect(failure.type).toBe(type);
  expect(failure.message).toMatch(said);
  expect(await commitsOf(pipeline.store, of(`no-${endpoint}`), 'plan')).toEqual([]);
});
