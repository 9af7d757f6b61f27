// tier: manual — dedupe of two million synthetic documents by a worker's threads: what each stage takes, holds and writes, what is found of the planted
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DUPLICATE_COLUMNS, DUPLICATES } from '../../activities/dedupe/duplicates.ts';
import { leastMatches } from '../../activities/dedupe/nearest.ts';
import { bucketRuns } from '../../activities/dedupe/scan-records.ts';
import { openCorpus, SYNTHETIC } from '../../bench/synthetic/documents.ts';
import { openDistinct } from '../../bench/synthetic/shingles.ts';
import { openStack } from '../../client/stack/stack.ts';
import { outputOf, type StageCommit } from '../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import { must, ok, ROOT, scratch } from './lib.ts';
import { openStages, type StageFigures } from './parts/dedupe-stages.ts';
import { type DroppedDocument, truthOf } from './parts/dedupe-truth.ts';
import { LENGTHS, type PutFigures, type PutSynthetic, sourceKey } from './parts/put-synthetic.ts';

/** Fewer are for trying things out, and leave no figures. */
const DOCUMENTS = Number(process.env.DEDUPE_SCALE_DOCUMENTS ?? 2_000_000);
const FULL = 2_000_000;
const PER_SOURCE = 40_000;
const PREFIX = 'raw/scale/';
const RUN = { domain: 'scale', run: `r${process.pid}` };
const THRESHOLD = 0.75;
/** Documents of a range, as the workflow has them, and with eight times as many ranges. */
const PER_RANGE = [1_000_000, 125_000];
const MEMORY = 1.5e9;

/** A folder that is kept has its corpus made once, for several tries. */
const state = process.env.DEDUPE_SCALE_STATE ?? scratch('dedupe-scale');
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
const { s3 } = stack.settings;
try {
  const made = await putCorpus();
  must(
    made.documents === DOCUMENTS && made.shingles.distinct > 0.6 * made.shingles.all,
    `${made.documents} documents, ${(made.textBytes / 1e9).toFixed(2)} GB of text: ${JSON.stringify(made)}`,
  );
  const stages = await openStages({ lake: s3, endpoints: {}, tokenizers: {}, launchers: {} }, RUN, PREFIX);
  const { store } = stages;
  const planned = await stages.plan();
  const { plan } = planned;
  const scanned = await stages.each(
    'scanPartition',
    Array.from({ length: planned.entries }, (_, index) => ({ entry: { plan, input: 'corpus', index } })),
  );
  const scans = await stages.list(scanned.refs);
  const found: { ranges: number; figures: StageFigures; decided: StageFigures; verdicts: string }[] = [];
  let decided: StageCommit | undefined;
  for (const documents of PER_RANGE) {
    const ranges = Math.max(1, Math.ceil(DOCUMENTS / documents));
    const edges = await stages.each(
      'findDuplicates',
      Array.from({ length: ranges }, (_, range) => ({ plan, scans, range, ranges })),
    );
    const decision = await stages.each('decideDuplicates', [{ plan, scans, edges: edges.refs }]);
    decided = decision.commits[0] as StageCommit;
    const verdicts = outputOf(decided, 'verdicts.run').sha256;
    found.push({ ranges, figures: edges.figures, decided: decision.figures, verdicts });
  }
  must(
    new Set(found.map(({ verdicts }) => verdicts)).size === 1,
    'the verdicts are the same with any number of ranges',
  );
  const all = [planned.figures, scanned.figures, ...found.flatMap((each) => [each.figures, each.decided])];
  const peak = Math.max(...all.map(({ rssPeak }) => rssPeak));
  must(peak < MEMORY, `the process held ${(peak / 1e6).toFixed(0)} MB at most, less than ${MEMORY / 1e6} MB`);

  const buckets = await bucketsOf(store, scanned.commits);
  console.log(`  buckets: ${JSON.stringify(buckets)}`);
  must(buckets.largest > DOCUMENTS / 2_000, `the largest bucket has ${buckets.largest} documents`);

  const corpus = openCorpus({ ...SYNTHETIC, documents: DOCUMENTS });
  const dropped = await droppedOf(store, decided as StageCommit);
  const truth = truthOf(corpus, dropped, { threshold: THRESHOLD, least: leastMatches(THRESHOLD) });
  console.log(`  ${JSON.stringify(truth)}`);
  must(truth.exact.found === truth.exact.planted, `all ${truth.exact.planted} exact duplicates are found`);
  for (const { similarity, planted, found, expected } of truth.near) {
    must(
      found >= expected - 0.02 * planted - 3 * Math.sqrt(planted),
      `of ${planted} near-duplicates at ${similarity} ${found} are found, ${expected.toFixed(0)} by theory`,
    );
  }
  must(truth.strangers.exact === 0, 'no exact duplicate is a stranger');
  must(
    truth.droppedNear.under65 + truth.strangers.near < 0.001 * DOCUMENTS,
    `${truth.strangers.near} strangers are dropped as near-duplicates, ${truth.droppedNear.under} of ${truth.droppedNear.all} below the threshold`,
  );
  const figures = {
    documents: DOCUMENTS,
    corpus: made,
    entries: planned.entries,
    stages: all,
    found,
    buckets,
    truth,
  };
  if (DOCUMENTS >= FULL) {
    const results = join(ROOT, 'test', 'acceptance', 'results');
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, 'dedupe-scale.figures.json'), `${JSON.stringify(figures, null, 2)}\n`);
  }
  await stages.close();
} finally {
  await stack.close();
}

/** Makes the corpus in two processes, unless this state has it already. */
async function putCorpus(): Promise<Made> {
  const known = join(state, `corpus-${DOCUMENTS}.json`);
  if (existsSync(known)) return JSON.parse(readFileSync(known, 'utf8')) as Made;
  const began = performance.now();
  const sources = Math.ceil(DOCUMENTS / PER_SOURCE);
  const middle = Math.ceil(sources / 2);
  const program = join(ROOT, 'test', 'acceptance', 'parts', 'put-synthetic.ts');
  const put = async (from: number, to: number): Promise<PutFigures> => {
    const what: PutSynthetic = { documents: DOCUMENTS, perSource: PER_SOURCE, prefix: PREFIX, from, to };
    const env = { ...process.env, PUT_SYNTHETIC: JSON.stringify({ s3, ...what }) };
    return JSON.parse(await ok(process.execPath, ['--import', 'tsx', program], { env })) as PutFigures;
  };
  const [a, b] = await Promise.all([put(0, middle), put(middle, sources)]);
  const distinct = openDistinct();
  for (const { registers } of [a, b]) {
    for (const [i, each] of Buffer.from(registers, 'base64').entries()) {
      distinct.registers[i] = Math.max(each, distinct.registers[i] as number);
    }
  }
  const made: Made = {
    documents: a.documents + b.documents,
    sources,
    textBytes: a.textBytes + b.textBytes,
    words: a.words + b.words,
    lengths: LENGTHS.map((below, i): [number, number] => [
      below,
      (a.lengths[i] as number) + (b.lengths[i] as number),
    ]),
    shingles: {
      all: a.shingles + b.shingles,
      distinct: Math.round(distinct.estimate()),
      sample: a.sample,
      sampleDistinct: a.sampleDistinct,
    },
    seconds: Math.round((performance.now() - began) / 1000),
  };
  writeFileSync(known, JSON.stringify(made));
  return made;
}
interface Made {
  documents: number;
  sources: number;
  textBytes: number;
  words: number;
  /** Documents with fewer words than so many, and not fewer than the bound before. */
  lengths: [number, number][];
  shingles: Shingles;
  seconds: number;
}
interface Shingles {
  all: number;
  distinct: number;
  sample: number;
  sampleDistinct: number;
}

/** How many documents the buckets have: those of a band or a hash, whoever of them is dropped later. */
async function bucketsOf(
  store: ObjectStore,
  commits: readonly StageCommit[],
): Promise<{
  records: number;
  keys: number;
  shared: number;
  largest: number;
  over256: number;
  largestFew: number[];
}> {
  const runs = await openCommittedRuns(store, commits.flatMap(bucketRuns));
  const buckets = { records: 0, keys: 0, shared: 0, largest: 0, over256: 0 };
  const large: number[] = [];
  let last: bigint | undefined;
  let size = 0;
  function close(): void {
    if (last === undefined) return;
    buckets.keys++;
    if (size > 1) buckets.shared++;
    if (size > 256) {
      buckets.over256++;
      large.push(size);
    }
    buckets.largest = Math.max(buckets.largest, size);
  }
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    for (const { key } of batch) {
      buckets.records++;
      if (key !== last) {
        close();
        last = key;
        size = 0;
      }
      size++;
    }
  }
  close();
  return { ...buckets, largestFew: large.sort((a, b) => b - a).slice(0, 20) };
}

/** The table of duplicates, by numbers of documents. */
async function droppedOf(store: ObjectStore, decided: StageCommit): Promise<DroppedDocument[]> {
  const numbers = new Map(
    Array.from({ length: Math.ceil(DOCUMENTS / PER_SOURCE) }, (_, i) => [
      sourceKey(PREFIX, i),
      i * PER_SOURCE,
    ]),
  );
  const names = DUPLICATE_COLUMNS.map(({ name }) => name);
  const dropped: DroppedDocument[] = [];
  const numberOf = (key: unknown, row: unknown): number =>
    (numbers.get(String(key)) ?? Number.NaN) + Number(row);
  for await (const rows of readBatches(store, outputOf(decided, DUPLICATES), names)) {
    for (const { key, row, keptKey, keptRow, kind, similarity } of rows) {
      dropped.push({
        document: numberOf(key, row),
        kept: numberOf(keptKey, keptRow),
        kind: kind === 'exact' ? 'exact' : 'near',
        similarity: Number(similarity),
      });
    }
  }
  return dropped;
}
