// tier: manual — dedupe of two million synthetic documents by a worker's threads: what each stage takes, holds and writes, and what is found of the planted
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leastMatches } from '../../activities/dedupe/comparer.ts';
import { openCorpus, SYNTHETIC } from '../../bench/synthetic/documents.ts';
import { openStack } from '../../client/stack/stack.ts';
import type { StageCommit } from '../../lake/commit.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { RANGE_DOCUMENTS } from '../../workflows/dedupe-cut.ts';
import { must, ROOT, scratch } from './lib.ts';
import { bucketsOf, droppedOf, edgesOf } from './parts/dedupe-results.ts';
import { openStages, type StageFigures } from './parts/dedupe-stages.ts';
import { isAsExpected, truthOf } from './parts/dedupe-truth.ts';
import { sourceKey } from './parts/put-synthetic.ts';
import { putCorpus } from './parts/synthetic-lake.ts';

/** Fewer are for trying things out, and leave no figures. */
const DOCUMENTS = Number(process.env.DEDUPE_SCALE_DOCUMENTS ?? 2_000_000);
const FULL = 2_000_000;
const PER_SOURCE = 40_000;
const PREFIX = 'raw/scale/';
const THRESHOLD = 0.75;
const MEMORY = 1.5e9;

/** A folder that is kept has its corpus made once, for several tries; a run that is named is taken up where it broke off. */
const state = process.env.DEDUPE_SCALE_STATE ?? scratch('dedupe-scale');
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
const { s3 } = stack.settings;
const settings = { lake: s3, endpoints: {}, tokenizers: {}, launchers: {} };
const run = { domain: 'scale', run: process.env.DEDUPE_SCALE_RUN ?? `r${process.pid}` };
const stages = await openStages(settings, run, { prefix: PREFIX, notes: state });
const { store } = stages;
const taken: Record<string, StageFigures> = {};
try {
  const made = await putCorpus(state, s3, { documents: DOCUMENTS, perSource: PER_SOURCE, prefix: PREFIX });
  const { all, distinct } = made.shingles;
  must(
    made.documents === DOCUMENTS && distinct > 0.6 * all,
    `${DOCUMENTS} documents, ${(made.textBytes / 1e9).toFixed(2)} GB, ${(distinct / 1e6).toFixed(0)} million different shingles of ${(all / 1e6).toFixed(0)}`,
  );
  const planned = await stages.plan();
  taken.plan = planned.figures;
  const { plan } = planned;
  const scanned = await stages.each(
    'scanPartition',
    Array.from({ length: planned.entries }, (_, index) => ({ entry: { plan, input: 'corpus', index } })),
  );
  taken.scan = scanned.figures;
  const scans = await stages.list(scanned.refs);

  const ranges = Math.max(1, Math.ceil(DOCUMENTS / RANGE_DOCUMENTS));
  const found = await find('find', { plan, scans }, ranges);
  const decided = await decide({ plan, scans, edges: found.refs });
  const narrow = await find('findNarrow', { plan, scans }, 8 * ranges);
  const combined = await stages.each(
    'combineBuckets',
    scans.map((_, list) => ({ plan, scans, list })),
  );
  taken.combine = combined.figures;
  const [list] = await stages.list(combined.refs);
  const again = await find('findCombined', { plan, scans: [], combined: list }, ranges);
  const [edges, narrowEdges, combinedEdges] = [
    await edgesOf(store, found.commits, { documents: DOCUMENTS, perSource: PER_SOURCE }),
    await edgesOf(store, narrow.commits, { documents: DOCUMENTS, perSource: PER_SOURCE }),
    await edgesOf(store, again.commits, { documents: DOCUMENTS, perSource: PER_SOURCE }),
  ];
  console.log(`  ${JSON.stringify(edges)}`);
  must(
    edges.sha256 === narrowEdges.sha256 && edges.sha256 === combinedEdges.sha256,
    `decide is given the same ${edges.edges} edges by ${ranges} ranges, by ${8 * ranges}, and by those of what was combined`,
  );
  for (const [name, { rssPeak }] of Object.entries(taken)) {
    must(rssPeak < MEMORY, `${name}: ${(rssPeak / 1e6).toFixed(0)} MB at most, less than 1,500`);
  }

  const buckets = await bucketsOf(store, scanned.commits);
  console.log(`  ${JSON.stringify(buckets)}`);
  must(
    (buckets.largest[0] ?? 0) > DOCUMENTS / 50,
    `the paragraph makes buckets skewed: the fullest has ${buckets.largest[0]} documents`,
  );

  const numbers = new Map(
    Array.from({ length: made.sources }, (_, i) => [sourceKey(PREFIX, i), i * PER_SOURCE]),
  );
  const dropped = await droppedOf(store, decided, (key, row) => (numbers.get(key) ?? Number.NaN) + row);
  const corpus = openCorpus({ ...SYNTHETIC, documents: DOCUMENTS });
  const truth = truthOf(corpus, dropped, { threshold: THRESHOLD, least: leastMatches(THRESHOLD) });
  const { exact, near, droppedNear, strangers } = truth;
  console.log(`  ${JSON.stringify(truth)}`);
  must(exact.found === exact.planted, `all ${exact.planted} exact duplicates are found`);
  for (const { similarity, planted, found, expected } of near) {
    must(
      isAsExpected({ planted, found, expected }),
      `of ${planted} near-duplicates at ${similarity} ${found} are found, ${expected.toFixed(0)} by theory`,
    );
  }
  must(
    strangers.exact === 0 && strangers.near < 1e-5 * DOCUMENTS,
    `${strangers.exact + strangers.near} documents are dropped for one that they have nothing planted in common with`,
  );
  must(
    droppedNear.under < 0.1 * droppedNear.all,
    `of ${droppedNear.all} dropped as near ${droppedNear.under} are not: their true similarity lies below ${THRESHOLD}, down to ${droppedNear.leastSimilarity.toFixed(2)}`,
  );
  if (DOCUMENTS >= FULL) {
    const figures = {
      partitions: planned.entries,
      ranges,
      corpus: made,
      stages: taken,
      buckets,
      edges,
      truth,
    };
    const file = join(ROOT, 'test', 'acceptance', 'results', 'dedupe-scale.figures.json');
    writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  }
} finally {
  await stages.close();
  await stack.close();
}

async function find(
  name: string,
  buckets: { plan: ObjectRef; scans: ObjectRef[]; combined?: ObjectRef | undefined },
  ranges: number,
): Promise<{ refs: ObjectRef[]; commits: StageCommit[] }> {
  const { figures, ...found } = await stages.each(
    'findDuplicates',
    Array.from({ length: ranges }, (_, range) => ({ ...buckets, range, ranges })),
  );
  taken[name] = figures;
  return found;
}
async function decide(input: {
  plan: ObjectRef;
  scans: ObjectRef[];
  edges: ObjectRef[];
}): Promise<StageCommit> {
  const { commits, figures } = await stages.each('decideDuplicates', [input]);
  taken.decide = figures;
  return commits[0] as StageCommit;
}
