import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideDuplicates, VERDICTS } from '../../activities/dedupe/decide-duplicates.ts';
import { FAILED } from '../../activities/dedupe/failures.ts';
import { findDuplicates } from '../../activities/dedupe/find-duplicates.ts';
import { bucketEntry, type Place, rowKey, rowOf } from '../../activities/dedupe/records.ts';
import { readPins } from '../../activities/plan/pins.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { readBase } from '../../activities/segment/base.ts';
import { buildSegment } from '../../activities/segment/build-segment.ts';
import { baseOf, openDomain } from '../../activities/segment/open-domain.ts';
import type { Segment, SegmentRuns, SegmentSource } from '../../activities/segment/segment.ts';
import { checkSegment } from '../../activities/segment/verify-segment.ts';
import { writeSegment } from '../../activities/segment/write-segment.ts';
import type { Services } from '../../activities/services.ts';
import { SETTLED } from '../../activities/settle/excluded.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { commitStage, readCommit, readJson, type StageCommit } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeRun, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { readHead } from '../../lake/log.ts';
import { openCommittedRun, openCommittedRuns, runsNamed } from '../../lake/runs.ts';
import type { ObjectRef, RunRef, SegmentInput } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf, putTexts, textSpec } from '../pipeline.ts';
import { ownBands, publishSegment, putSegment, scanned } from '../segments.ts';

const passages = samplePassages().map(({ text }) => text);
const passage = (i: number): string => passages[i] as string;
const place = ({ source, row }: Place): string => `${source}/${row}`;

let pipeline: Pipeline;
let services: Services;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  services = { store: pipeline.store, settings: pipeline.settings, checkCancelled: () => {} };
});
afterAll(() => pipeline?.close());

async function recordsOf(commits: readonly StageCommit[], name: SegmentRuns): Promise<ExchangeRecord[]> {
  const outputs = commits.flatMap((commit) => runsNamed(commit, name));
  const all: ExchangeRecord[] = [];
  for await (const batch of mergeRuns(await openCommittedRuns(services.store, outputs), keyRange(0, 1)))
    all.push(...batch);
  return all;
}
const built = (input: Omit<SegmentInput, 'range'>): Promise<StageCommit[]> =>
  Promise.all(
    Array.from({ length: input.ranges }, async (_, range) => {
      const { ref } = await buildSegment(services, { ...input, range });
      return readCommit(services.store, ref);
    }),
  );
const dataOf = (commits: readonly StageCommit[]): string[][] =>
  commits.map(({ outputs }) => outputs.map(({ name, sha256 }) => `${name} ${sha256}`));

/** A commit of a stage that is given, not computed. */
async function given(
  run: RunRef,
  stage: string,
  outputs: Record<string, string | Iterable<ExchangeRecord>>,
): Promise<ObjectRef> {
  const input = { stage, version: 1, unit: 'given', spec: null, inputs: [], etags: [] };
  const { ref } = await commitStage(services.store, run, input, async (folder) => ({
    outputs: await Promise.all(
      Object.entries(outputs).map(([name, body]) =>
        typeof body === 'string' ? folder.put(name, body) : folder.write(name, encodeRun(body)),
      ),
    ),
    counts: {},
  }));
  return ref;
}

describe('the parts of a segment', () => {
  /** Source 0: two texts, a repeat and a null. 1: no Parquet. 2: one text, a repeat, a short one. 3: one text. 4: a repeat. */
  async function corpus(domain: string): Promise<void> {
    const { store } = services;
    const key = (name: string): string => `raw/${domain}/${name}.parquet`;
    await putTexts(store, key('a'), [passage(0), passage(1), passage(0), null]);
    await store.put(key('b'), 'no Parquet');
    await putTexts(store, key('c'), [passage(2), passage(1), 'Short.', passage(4), passage(5), passage(6)]);
    await putTexts(store, key('d'), [passage(3)]);
    await putTexts(store, key('e'), [`${passage(0).toUpperCase()}  `]);
  }
  async function prepared(domain: string, run: RunRef, partitionBytes: number) {
    const input = { prefix: `raw/${domain}/`, text: 'text', partitionBytes };
    const scan = await scanned(services, run, textSpec(domain, { mode: 'incremental', input }));
    const found = await findDuplicates(services, { ...scan, range: 0, ranges: 1 });
    const decided = await decideDuplicates(services, { ...scan, edges: [found.ref] });
    const late = {
      input: 'corpus',
      source: 3,
      key: `raw/${domain}/d.parquet`,
      rows: 1,
      type: 'X',
      message: '',
    };
    const settled = await given(run, 'settle', { [SETTLED]: JSON.stringify([late]) });
    return { ...scan, verdicts: [decided.ref], settled };
  }

  test('hold exactly the documents that the run keeps and publishes, however it was cut', async () => {
    const domain = 'segment-parts';
    await corpus(domain);
    const one = await prepared(domain, { domain, run: 'whole' }, 2 ** 26);
    const many = await prepared(domain, { domain, run: 'cut' }, 1024);
    expect([one.partitions, many.partitions]).toEqual([1, 4]);
    const whole = await built({ ...one, ranges: 1 });
    const kept = ['0/0', '0/1', '2/0', '2/2', '2/3', '2/4', '2/5'];

    const hashes = await recordsOf(whole, 'hashes');
    expect(hashes.map(({ key }) => place(rowOf(key)))).toEqual(kept);
    const signed = (await recordsOf(whole, 'signatures')).map(({ key }) => place(rowOf(key)));
    expect(signed).toEqual(kept.filter((each) => each !== '2/2'));
    const buckets = (await recordsOf(whole, 'buckets')).map(({ payload }) => bucketEntry(payload));
    const exact = buckets.filter(({ hash }) => hash !== '');
    const hashOf = new Map(exact.map((entry) => [place(entry), entry.hash]));
    expect([...hashOf.keys()].sort()).toEqual(kept);
    for (const { key, payload } of hashes)
      expect(Buffer.from(payload).toString('hex')).toBe(hashOf.get(place(rowOf(key))));
    for (const each of signed) {
      const bands = buckets.filter((entry) => entry.hash === '' && place(entry) === each);
      expect(bands).toHaveLength(14);
    }
    expect(whole[0]?.counts).toEqual({ segmentDocuments: kept.length });

    expect(dataOf(await built({ ...many, ranges: 1 }))).toEqual(dataOf(whole));
    const parts = await built({ ...one, ranges: 3 });
    expect(dataOf(await built({ ...many, ranges: 3 }))).toEqual(dataOf(parts));
    for (const name of ['buckets', 'hashes', 'signatures'] as const) {
      const text = ({ key, payload }: ExchangeRecord) => `${key} ${Buffer.from(payload).toString('hex')}`;
      const all = (await recordsOf(whole, name)).map(text);
      expect((await recordsOf(parts, name)).map(text)).toEqual(all);
      // Every part has some, so that the parts have been told apart.
      for (const part of parts) {
        const own = await recordsOf([part], name);
        expect(own.length).toBeLessThan(all.length);
        expect(own.length).toBeGreaterThan(0);
      }
    }
  });

  test('go into a segment with the sources that were taken, and tombstones of what they replace', async () => {
    const domain = 'segment-replaces';
    const { store } = services;
    const key = (name: string): string => `raw/${domain}/${name}.parquet`;
    const old = (source: number, name: string) => ({ source, key: key(name), etag: 'old', rows: 3 });
    const documents = [0, 1, 2].flatMap((source) =>
      [0, 1].map((row) => ({
        ...{ source, row, hash: `${source}${row}`.padEnd(32, 'a') },
        bands: ownBands(source * 2 + row),
      })),
    );
    const sources = [old(0, 'a'), old(1, 'd'), old(2, 'gone')];
    const first = await putSegment(store, domain, { run: 'n1', sources, documents, nextSource: 5 });
    await publishSegment(store, domain, 'n1', first);
    await putTexts(store, key('a'), [passage(0), passage(1)]);
    await store.put(key('b'), 'no Parquet');
    await putTexts(store, key('c'), [null]);
    await putTexts(store, key('d'), [passage(2)]);

    const run = { domain, run: 'n2' };
    const opened = await openDomain(services, { run });
    if (opened.state !== 'open') throw new Error(opened.state);
    const spec = textSpec(domain, { mode: 'incremental' });
    const scan = await scanned(services, run, spec, opened.base);
    const failedSource = (source: number, name: string) => ({
      ...{ source, key: key(name), rows: 1, type: 'X', message: '' },
    });
    const gone = [0, 1].flatMap((source) =>
      [0, 1].map((row) => ({ key: rowKey({ source, row }), payload: new Uint8Array() })),
    );
    const verdicts = [
      await given(run, 'dedupe', {
        [VERDICTS]: [],
        [FAILED]: JSON.stringify([failedSource(6, 'b')]),
        'gone.run': gone,
      }),
    ];
    const late = { input: 'corpus', ...failedSource(8, 'd') };
    const settled = await given(run, 'settle', { [SETTLED]: JSON.stringify([late]) });
    const parts = await built({ ...scan, verdicts, settled, ranges: 2 });
    const segments = await Promise.all(
      [0, 1].map(async (range) => {
        const input = { ...scan, verdicts, settled, ranges: 2, range };
        return (await buildSegment(services, input)).ref;
      }),
    );
    expect(parts.map(({ counts }) => counts.segmentDocuments).reduce((a = 0, b = 0) => a + b)).toBe(2);

    const pins = await readPins(store, run);
    const input = { ...scan, verdicts, settled, segments, documents: {}, mix: first, shards: first };
    let written: Awaited<ReturnType<typeof writeSegment>>;
    const stage = { stage: 'publish', version: 1, unit: 'given', spec: null, inputs: [], etags: [] };
    await commitStage(store, run, stage, async (folder) => {
      written = await writeSegment(services, folder, pins, input);
      return { outputs: [], counts: {} };
    });
    if (written?.tombstones === undefined) throw new Error('there are no tombstones');
    const { segment, tombstones, replaced } = written;
    expect(replaced).toBe(2);
    expect((await openCommittedRun(store, tombstones)).records).toBe(2);
    const made = await readJson<Segment>(store, segment);
    expect(made).toMatchObject({ documents: 2, nextSource: 9, near: true, exact: false });
    const taken = await readJson<SegmentSource[]>(store, made.sources);
    expect(taken.map(({ source, key, run }) => [source, key, run])).toEqual([
      [5, key('a'), 'n2'],
      [7, key('c'), 'n2'],
    ]);
    await checkSegment(store, segment);

    // Named by the log, it is what the next run is opened with: what was replaced does not count there.
    await publishSegment(store, domain, 'n2', segment, tombstones);
    const base = await readBase(store, await baseOf(store, (await readHead(store, domain)).entry));
    expect(base.nextSource).toBe(9);
    const out = [0, 1, 2].flatMap((source) => [0, 1].map((row) => base.isOut({ source, row })));
    expect(out).toEqual([true, true, false, false, false, false]);
    expect(base.isOut({ source: 5, row: 1 })).toBe(false);
    expect(base.isOut({ source: 6, row: 0 })).toBe(true);
  });
});

describe('an incremental run', () => {
  const domain = 'segment-run';
  const run = { domain, run: 'n1' };
  let segment: ObjectRef;
  beforeAll(async () => {
    await putTexts(pipeline.store, `raw/${domain}/a.parquet`, [...passages.slice(0, 6), passage(2), null]);
    await putTexts(pipeline.store, `raw/${domain}/b.parquet`, passages.slice(6, 9));
    await pipeline.work();
    await pipeline.runIngest(textSpec(domain, { mode: 'incremental' }), run.run);
    const { entry } = await readHead(pipeline.store, domain);
    segment = entry.published[0]?.segment as ObjectRef;
  });

  test('publishes a segment with a document for each kept row, which verifies', async () => {
    const { store } = pipeline;
    const publication = await publicationOf(store, run);
    expect(publication.segment).toMatchObject(segment);
    expect(publication.tombstones).toBeUndefined();
    const { mode, counts } = await readManifest(store, publication.manifest);
    expect(mode).toBe('incremental');
    expect(counts.rows).toMatchObject({
      kept: 9,
      duplicates: 1,
      earlierDuplicates: 0,
      replaced: 0,
      rejects: 1,
    });
    const checks = await verifyRun(store, run, () => {});
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.find(({ what }) => what === 'index segment')?.detail).toBe(
      '9 documents of 2 sources, 0 replaced',
    );
    const base = await readBase(store, await baseOf(store, (await readHead(store, domain)).entry));
    expect(base.nextSource).toBe(2);
    expect([...base.sources.values()].map(({ key, rows }) => [key, rows])).toEqual([
      [`raw/${domain}/a.parquet`, 8],
      [`raw/${domain}/b.parquet`, 3],
    ]);
    const [hashes] = await base.hashes();
    expect(hashes?.records).toBe(9);
  });

  test('does not verify when an object of its segment is another', async () => {
    const { store } = pipeline;
    for (const name of ['buckets', 'hashes', 'signatures'] as const) {
      const [output] = (await readJson<Segment>(store, segment))[name];
      if (output === undefined) throw new Error(`no ${name}`);
      const bytes = Buffer.from(await store.get(output.key));
      const other = Buffer.from(bytes);
      other[40] = (other[40] ?? 0) ^ 1;
      await store.put(output.key, other);
      const wrong = (await verifyRun(store, run, () => {})).filter(({ ok }) => !ok);
      expect(wrong.map(({ what }) => what)).toEqual(['index segment']);
      await store.put(output.key, bytes);
    }
  });
});
