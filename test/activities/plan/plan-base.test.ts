import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PlannedSource } from '../../../activities/plan/partitions.ts';
import type { RunPins } from '../../../activities/plan/pins.ts';
import { plan } from '../../../activities/plan/plan.ts';
import { readEntries, readSources } from '../../../activities/plan/read-plan.ts';
import { BASE, baseOfPlan } from '../../../activities/segment/base.ts';
import { checkBase } from '../../../activities/segment/check-base.ts';
import { closeDomain, openDomain } from '../../../activities/segment/open-domain.ts';
import { SEGMENT_VERSION, type Segment, type SegmentSource } from '../../../activities/segment/segment.ts';
import type { Services } from '../../../activities/services.ts';
import { STAGE_VERSIONS } from '../../../activities/versions.ts';
import { NothingToDo, PinMismatch } from '../../../lake/errors.ts';
import { sha256 } from '../../../lake/hash.ts';
import { append, readHead, withoutRun } from '../../../lake/log.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import { parseSpec } from '../../../lake/spec.ts';
import type { ObjectRef, PlannedInput } from '../../../workflows/contract.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';

const RUN = { domain: 'd', run: 'tonight' };
let store: DirectoryStore;
let services: Services;
beforeEach(async () => {
  store = await directoryStore();
  services = { store, settings: {} as Services['settings'], checkCancelled: () => {} };
});
afterEach(() => store.remove());

const pins = (mode: 'full' | 'incremental', prefix = 'raw/d/'): RunPins => {
  const spec = parseSpec({
    domain: 'd',
    mode,
    input: { prefix, text: 'text' },
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default' },
    tokenizer: 'default',
    sequenceLength: 1024,
    mix: { sources: [{ from: 'augmented', weight: 1 }] },
  });
  return { ...RUN, spec, stages: STAGE_VERSIONS, unicode: '1' } as unknown as RunPins;
};
const put = (name: string, text: string) =>
  store.put(`raw/d/${name}.parquet`, parquetBytes([{ name: 'text', type: 'string', data: [text] }]));
async function saved(key: string, value: unknown): Promise<ObjectRef & { name: string; size: number }> {
  const body = JSON.stringify(value);
  await store.put(key, body);
  return { name: key, key, sha256: sha256(body), size: body.length };
}

/** Publishes a night that has taken these objects as they are now, its ordinals from `first` on. */
async function night(run: string, first: number, ...names: string[]): Promise<void> {
  const taken: SegmentSource[] = [];
  for (const [i, name] of names.entries()) {
    const key = `raw/d/${name}.parquet`;
    taken.push({ source: first + i, key, etag: (await store.head(key))?.etag ?? '', rows: 1, run });
  }
  const segment: Segment = {
    format: 'instruct-lake/segment@1',
    domain: 'd',
    version: 1,
    unicode: '1',
    near: true,
    exact: false,
    documents: names.length,
    nextSource: first + names.length,
    sources: await saved(`s/${run}/sources.json`, taken),
    buckets: [],
    hashes: [],
    signatures: [],
    shingles: [],
  };
  const { key, sha256: hash } = await saved(`s/${run}/segment.json`, segment);
  await append(store, 'd', (state) => ({
    open: state.open,
    published: [
      ...state.published,
      {
        run,
        generation: 1,
        mode: 'incremental',
        publication: { key: run, sha256: run },
        segment: { key, sha256: hash },
      },
    ],
    tombstones: state.tombstones,
  }));
}

async function planned(): Promise<{
  sources: PlannedSource[];
  input: PlannedInput;
  counts: Record<string, number>;
  ref: ObjectRef;
}> {
  const opened = await openDomain({ store }, { run: RUN });
  if (opened.state !== 'open') throw new Error(`the domain is ${opened.state}`);
  const { ref, commit } = await plan(services, pins('incremental'), opened.base);
  await closeDomain({ store }, { run: RUN });
  const [input] = commit.data as [PlannedInput];
  return { sources: await readSources(store, ref, 'corpus'), input, counts: commit.counts, ref };
}
const names = (sources: readonly PlannedSource[]) =>
  sources.map(({ ordinal, key }) => `${ordinal} ${key.slice('raw/d/'.length, -'.parquet'.length)}`);

test('an incremental run takes what no live night has, and its ordinals follow theirs', async () => {
  for (const name of ['a', 'b', 'c', 'e']) await put(name, `Text ${name}.`);
  await night('n1', 0, 'a', 'c');
  await night('n2', 2, 'b');
  await put('d', 'Text d.');
  const { sources, input, counts, ref } = await planned();
  expect(names(sources)).toEqual(['3 d', '4 e']);
  expect(input).toMatchObject({ sources: 2, rows: 2, entries: 1, ignored: 0 });
  expect(counts).toEqual({ sources: 2, unreadableSources: 0, takenSources: 3 });
  // Partitions mean the same ordinals.
  const [entry] = await readEntries(store, ref, 'corpus', 1);
  expect(entry?.runs.map(({ source, key }) => `${source} ${key}`)).toEqual([
    '3 raw/d/d.parquet',
    '4 raw/d/e.parquet',
  ]);
  expect(await baseOfPlan(store, ref)).toMatchObject({
    runs: [
      { run: 'n1', generation: 1 },
      { run: 'n2', generation: 1 },
    ],
    nextSource: 3,
  });
});

test('an object that has changed since is another source', async () => {
  await put('a', 'Text a.');
  await put('b', 'Text b.');
  await night('n1', 0, 'a', 'b');
  await put('b', 'Text b, corrected.');
  expect(names((await planned()).sources)).toEqual(['2 b']);
});

test('what a night took can be taken again once it is retracted', async () => {
  await put('a', 'Text a.');
  await put('b', 'Text b.');
  await night('n1', 0, 'a');
  await night('n2', 1, 'b');
  await append(store, 'd', (state) => withoutRun(state, 'n1'));
  expect(names((await planned()).sources)).toEqual(['2 a']);
  await append(store, 'd', (state) => withoutRun(state, 'n2'));
  expect(names((await planned()).sources)).toEqual(['0 a', '1 b']);
});

test('a night without anything new plans nothing, and one without anything at all as well; a full run refuses that', async () => {
  expect((await planned()).input.sources).toBe(0);
  await put('a', 'Text a.');
  await night('n1', 0, 'a');
  const { input, counts } = await planned();
  expect(input).toMatchObject({ sources: 0, entries: 0, rows: 0 });
  expect(counts).toMatchObject({ sources: 0, takenSources: 1 });
  await expect(plan(services, pins('full', 'raw/none/'))).rejects.toThrow(NothingToDo);
});

test('the same state of the log gives the same base and the same plan; another base another one', async () => {
  await put('a', 'Text a.');
  await put('b', 'Text b.');
  await night('n1', 0, 'a');
  const first = await planned();
  // Opened, closed, and published to by a run that is not in the index.
  await append(store, 'd', (state) => ({
    open: null,
    published: [
      ...state.published,
      { run: 'x', generation: 1, mode: 'full', publication: { key: 'x', sha256: 'x' } },
    ],
    tombstones: [],
  }));
  expect((await planned()).ref).toEqual(first.ref);
  expect((await readHead(store, 'd')).entry.open).toBeNull();
  await night('n2', 1, 'a');
  expect((await planned()).ref).not.toEqual(first.ref);
});

test('a full run knows no base', async () => {
  await put('a', 'Text a.');
  await night('n1', 0, 'a');
  const { ref, commit } = await plan(services, pins('full'));
  expect(names(await readSources(store, ref, 'corpus'))).toEqual(['0 a']);
  expect(commit.outputs.some(({ name }) => name === BASE)).toBe(false);
  expect(commit.counts).toEqual({ sources: 1, unreadableSources: 0 });
  expect(await baseOfPlan(store, ref)).toBeUndefined();
});

test('what the index lacks for this run is said before any work', () => {
  const segment = { version: SEGMENT_VERSION, unicode: '1', near: true, exact: false } as Segment;
  const run = pins('incremental');
  const exact = { ...run, spec: { ...run.spec, dedupe: { ...run.spec.dedupe, verify: 'exact' as const } } };
  const alone = { ...exact, spec: { ...exact.spec, dedupe: { ...exact.spec.dedupe, near: false } } };
  expect(() => checkBase([segment], run)).not.toThrow();
  expect(() => checkBase([{ ...segment, near: false }], alone)).not.toThrow();
  const wrong: [Segment, RunPins, string][] = [
    [{ ...segment, version: SEGMENT_VERSION + 1 }, run, 'of its index'],
    [{ ...segment, unicode: '2' }, run, 'version 2 of the Unicode tables, this run with 1'],
    [{ ...segment, near: false }, run, 'no signatures'],
    [segment, exact, 'no shingle sets'],
  ];
  for (const [lacking, asked, says] of wrong) {
    expect(() => checkBase([segment, lacking], asked)).toThrow(PinMismatch);
    expect(() => checkBase([segment, lacking], asked)).toThrow(says);
  }
});
