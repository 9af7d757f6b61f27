import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLedger } from '../../activities/publish/verify-ledger.ts';
import { costOf } from '../../activities/synthesize/usage.ts';
import { readRunLedger } from '../../client/read-ledger.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec, Progress } from '../../workflows/contract.ts';
import { startedNow } from '../executions.ts';
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

const RUN = { domain: 'paid', run: 'r1' };
const PRICES = { currency: 'EUR', prompt: 2, cached: 1, completion: 8 };
const spec: IngestSpec = textSpec(RUN.domain, {
  input: { prefix: `raw/${RUN.domain}/`, text: 'text', partitionBytes: 1_024 },
  // Twelve seconds long: a cancellation reaches a round with its next heartbeat, and should find it under way.
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 1 },
});
const texts = samplePassages()
  .slice(0, 12)
  .map(({ text }) => text);

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab(), { delayMs: 2_000, concurrency: 2 });
  await putTexts(pipeline.store, `raw/${RUN.domain}/a.parquet`, texts.slice(0, 6));
  await putTexts(pipeline.store, `raw/${RUN.domain}/b.parquet`, texts.slice(6));
  const { default: endpoint } = pipeline.settings.endpoints;
  if (endpoint === undefined) throw new Error('no endpoint');
  await pipeline.work({ ...pipeline.settings, endpoints: { default: { ...endpoint, prices: PRICES } } });
}, 120_000);
afterAll(() => pipeline?.close());

const verified = async (run: string): Promise<string[]> =>
  (await verifyRun(pipeline.store, { ...RUN, run }, () => {})).flatMap(({ what, ok }) => (ok ? [what] : []));

test('a round that is broken off is in the ledger once: its answers as they are, what was in flight as an estimate', async () => {
  const { store, lab, endpoint } = pipeline;
  const handle = await pipeline.start(spec, RUN.run);
  const inRound = async (): Promise<true | undefined> =>
    (endpoint.answered() > 0 &&
      endpoint.asked.length > endpoint.answered() &&
      (await startedNow(lab.client, handle.workflowId, 'synthesizeRound')) > 0) ||
    undefined;
  await until(inRound, { within: 60_000, what: 'no round began' });
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });

  // Nothing is published, and what was paid for is known all the same.
  const before = await readRunLedger(store, RUN);
  expect(before.published).toBe(false);
  expect(before.open).toBeGreaterThan(0);
  const { answers, wastedAnswers, lostRequests, requests } = before.ledger.total;
  expect(answers + wastedAnswers).toBe(endpoint.answered());
  // An attempt that is cancelled knows what it gave up.
  expect(lostRequests).toBe(endpoint.asked.length - endpoint.answered());
  expect(requests).toBe(endpoint.asked.length);

  const again = await pipeline.start(spec, RUN.run);
  const { counts } = await again.result();
  const { ledger, ledgerRounds } = await publicationOf(store, RUN);
  if (ledger === undefined || ledgerRounds === undefined) throw new Error('no ledger');
  const { total, rounds, prices, partitions, dearest, unpublished } = await readLedger(store, ledger);
  expect(total).toMatchObject({
    prompted: texts.length,
    answers: texts.length,
    wastedAnswers: 0,
    failedRequests: 0,
    lostRequests,
  });
  expect(total.requests).toBe(endpoint.asked.length);
  expect([partitions, dearest.length, unpublished]).toEqual([2, 2, 0]);
  expect(rounds.map(({ round, answers }) => [round, answers])).toEqual([[0, texts.length]]);

  // Tokens are those of the entries, money is theirs at the configured prices, progress has counted the same.
  const commits = await commitsOf(store, RUN, 'synthesize');
  const sum = (name: string): number => commits.reduce((all, each) => all + (each.counts[name] ?? 0), 0);
  expect(total.promptTokens).toBe(sum('promptTokens'));
  expect(total.completionTokens).toBe(sum('completionTokens'));
  expect(total.seconds).toBeGreaterThan(texts.length * 1.9);
  expect(prices).toEqual(PRICES);
  expect(total.money).toEqual(costOf(total, PRICES));
  const progress = await again.query<Progress>('progress');
  expect(progress.counts['spent.EUR']).toBe(sum('spent.EUR'));
  expect((counts['spent.EUR'] ?? 0) / 1e6).toBeCloseTo(total.money?.spent ?? Number.NaN, 4);
  const rows = await readTable(store, ledgerRounds, ['partition', 'round', 'answers', 'spent']);
  expect(rows).toHaveLength(2);
  expect(rows.reduce((all, row) => all + Number(row.spent), 0)).toBeCloseTo(
    total.money?.spent ?? Number.NaN,
    9,
  );

  expect((await readRunLedger(store, RUN)).published).toBe(true);
  expect(await verified(RUN.run)).toContain('ledger');
});

test('an undisturbed run has the same tokens in its ledger and the same canonical objects; a ledger that was changed does not verify', async () => {
  const { store } = pipeline;
  await pipeline.runIngest(spec, 'plain');
  const plain = { ...RUN, run: 'plain' };
  expect(await canonical(store, plain)).toEqual(await canonical(store, RUN));
  const { ledger } = await publicationOf(store, plain);
  const { ledger: other } = await publicationOf(store, RUN);
  if (ledger === undefined || other === undefined) throw new Error('no ledger');
  const [one, two] = [(await readLedger(store, ledger)).total, (await readLedger(store, other)).total];
  expect(one.lostRequests).toBe(0);
  for (const name of ['answers', 'promptTokens', 'completionTokens'] as const)
    expect(one[name]).toBe(two[name]);
  await store.put(
    ledger.key,
    new TextDecoder().decode(await store.find(ledger.key)).replace(/"answers":\d+/, '"answers":7'),
  );
  expect(await verified('plain')).not.toContain('ledger');
});
