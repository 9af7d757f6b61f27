import { afterAll, beforeAll, expect, test } from 'vitest';
import { jaccard } from '../../activities/dedupe/comparer.ts';
import { shinglesOf } from '../../activities/dedupe/signature.ts';
import { compactDomain } from '../../activities/segment/compact.ts';
import { readDuplicates } from '../../client/duplicates.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import type { DedupeSpec, IngestSpec } from '../../workflows/contract.ts';
import { failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

/* Nights whose candidates are compared by all their shingles. */

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
});
afterAll(() => pipeline?.close());

const passages = samplePassages().map(({ text }) => text);
const text = (i: number): string => `${passages[i]} ${passages[i + 20]}`;
/** So many words at the end are others. */
const edited = (i: number, words: number): string =>
  `${text(i).split(' ').slice(0, -words).join(' ')} ${Array.from({ length: words }, (_, k) => `other${k}`).join(' ')}`;
const shingles = (of: string): Uint32Array => shinglesOf(normaliseForDedupe(of)).slice();
const similarity = (a: string, b: string): number => jaccard(shingles(a), shingles(b));

const night = (domain: string, dedupe: DedupeSpec): IngestSpec =>
  textSpec(domain, { mode: 'incremental', dedupe });
const put = (domain: string, name: string, texts: string[]): Promise<void> =>
  putTexts(pipeline.store, `raw/${domain}/${name}.parquet`, texts);
async function droppedOf(domain: string, run: string): Promise<string[]> {
  const all = { limit: 100, members: 100, texts: false };
  const { clusters } = await readDuplicates(pipeline.store, { domain, run }, all);
  return clusters.flatMap(({ kept, dropped }) =>
    dropped.map(({ row, kind, similarity: how }) => `${row} ${kind} ${kept.run} ${kept.row} ${how}`),
  );
}

test('similarities are those of the shingles, within a night and across nights, compacted or not', async () => {
  const spec = night('exact', { verify: 'exact' });
  const first = [text(0), text(1), text(2), edited(1, 6)];
  await put('exact', 'a', first);
  await pipeline.runIngest(spec, 'n1');
  expect(await droppedOf('exact', 'n1')).toEqual([`3 near n1 1 ${similarity(text(1), edited(1, 6))}`]);

  const second = [edited(0, 4), text(3), edited(2, 200)];
  await put('exact', 'b', second);
  await pipeline.runIngest(spec, 'n2');
  expect(await droppedOf('exact', 'n2')).toEqual([`0 near n1 0 ${similarity(text(0), edited(0, 4))}`]);

  expect(await compactDomain(pipeline.store, 'exact')).toMatchObject({ changed: true, segments: 2 });
  await put('exact', 'c', [edited(3, 5), text(4)]);
  await pipeline.runIngest(spec, 'n3');
  expect(await droppedOf('exact', 'n3')).toEqual([`0 near n2 1 ${similarity(text(3), edited(3, 5))}`]);
  for (const run of ['n1', 'n2', 'n3']) {
    const checks = await verifyRun(pipeline.store, { domain: 'exact', run }, () => {});
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  }
});

test('a domain whose index has no shingles cannot be asked for them, and says so', async () => {
  await put('loose', 'a', [text(0)]);
  await pipeline.runIngest(night('loose', {}), 'n1');
  await put('loose', 'b', [text(1)]);
  // The run parks: another spec cannot mend it, so it need not wait.
  const spec = { ...night('loose', { verify: 'exact' }), decisionTimeout: '1s' };
  const failure = await failureOf(pipeline.runIngest(spec, 'n2'));
  expect(failure).toMatchObject({ type: 'PinMismatch' });
  expect(failure?.message).toContain(
    'has no shingle sets, since its runs were without dedupe.verify "exact"',
  );
});
