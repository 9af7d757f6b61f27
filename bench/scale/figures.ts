import { existsSync, readFileSync } from 'node:fs';
import { BUCKET_RECORDS, type Rates } from './arithmetic.ts';

/** What `npm run acceptance -- dedupe-scale` has measured last, as it left it. */
export interface Figures {
  partitions: number;
  ranges: number;
  corpus: {
    documents: number;
    textBytes: number;
    words: number;
    shingles: { all: number; distinct: number; sample: number; sampleDistinct: number };
  };
  stages: Record<StageName, StageFigures>;
  buckets: { records: number; shared: number; over256: number; largest: number[] };
  edges: { edges: number; documents: number };
  truth: {
    exact: { planted: number; found: number };
    near: { similarity: number; planted: number; found: number; expected: number }[];
    droppedNear: { all: number; under: number; leastSimilarity: number; meanError: number };
    strangers: { exact: number; near: number };
  };
}
export const STAGES = [
  'plan',
  'scan',
  'find',
  'decide',
  'findNarrow',

  'combine',
  'findCombined',
] as const;
export type StageName = (typeof STAGES)[number];
interface StageFigures {
  activities: number;
  seconds: number;
  cpuSeconds: number;
  rssBefore: number;
  rssPeak: number;
  bytesWritten: number;
  counts: Record<string, number>;
}

const FILE = new URL('../../test/acceptance/results/dedupe-scale.figures.json', import.meta.url);

export function readFigures(): Figures {
  if (!existsSync(FILE)) throw new Error('`npm run acceptance -- dedupe-scale` has left no figures');
  return JSON.parse(readFileSync(FILE, 'utf8')) as Figures;
}

export function ratesOf({ corpus, stages, edges }: Figures): Rates {
  const { documents } = corpus;
  const records = documents * BUCKET_RECORDS;
  const dropped = stages.decide.counts.duplicates ?? 0;
  return {
    textBytes: corpus.textBytes / documents,
    scanCpu: stages.scan.cpuSeconds / documents,
    scanWritten: stages.scan.bytesWritten / documents,
    decideCpu: stages.decide.cpuSeconds / documents,
    findCpu: stages.find.cpuSeconds / records,
    combineCpu: stages.combine.cpuSeconds / records,
    edges: edges.edges / documents,
    inEdges: edges.documents / documents,
    dropped: dropped / documents,
  };
}
