import { outputOf, readCommit, readJson, type StageCommit } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, PublishInput } from '../../workflows/contract.ts';
import { FAILED, type FailedSourceRows } from '../dedupe/failures.ts';
import { sumSummaries } from '../filter/report.ts';
import type { PairSummary } from '../filter/summary.ts';
import { readCommits, readLists } from '../lists.ts';
import { EMPTY_MIX, type Mix, mixOf } from '../mix/mix.ts';
import { inputsOf } from '../plan/inputs.ts';
import type { PlannedSource } from '../plan/partitions.ts';
import type { RunPins } from '../plan/pins.ts';
import { readSources } from '../plan/read-plan.ts';
import { readSettled } from '../settle/excluded.ts';
import type { CorpusData } from '../template/template-partition.ts';

/** What a run has committed, as far as its manifest says anything of it. */
export interface RunRecords {
  /** Sources of each input, as planned. */
  planned: { name: string; sources: PlannedSource[] }[];
  /** Where the spec names evaluation sets. */
  scans?: StageCommit[];
  verdicts: StageCommit[];
  /** Sources of the corpus that failed before the verdicts and after them. */
  failed: FailedSourceRows[];
  settled?: StageCommit;
  /** Documents of the corpus, and of the instructions. */
  corpus: StageCommit[];
  instructions: StageCommit[];
  /** What the pairs of all partitions measure. */
  pairs: PairSummary;
  mix: Mix;
  shards: StageCommit[];
}

/** Reads what a publication rests on: commits and what they name, each by its hash. Throws CorruptLake. */
export async function readRecords(
  store: ObjectStore,
  pins: Pick<RunPins, 'spec' | 'from'>,
  input: PublishInput,
): Promise<RunRecords> {
  const listed = async (lists: readonly ObjectRef[]): Promise<StageCommit[]> =>
    readCommits(store, await readLists(store, lists));
  const verdicts = await readCommits(store, input.verdicts);
  const corpus = await listed(input.documents.corpus ?? []);
  const others = Object.entries(input.documents).filter(([name]) => name !== 'corpus');
  const planned: RunRecords['planned'] = [];
  for (const { name } of inputsOf(pins)) {
    planned.push({ name, sources: await readSources(store, input.plan, name) });
  }
  const [first] = verdicts;
  const early = first === undefined ? [] : await readJson<FailedSourceRows[]>(store, outputOf(first, FAILED));
  const late = (await readSettled(store, input.settled)).filter((each) => each.input === 'corpus');
  return {
    planned,
    ...(input.benchmarks !== undefined && { scans: await listed(input.scans) }),
    verdicts,
    failed: [...early, ...late],
    ...(input.settled !== undefined && { settled: await readCommit(store, input.settled) }),
    corpus,
    instructions: await listed(others.flatMap(([, lists]) => lists)),
    pairs: await sumSummaries(
      store,
      corpus.flatMap(({ data }) => (data as CorpusData).pairs ?? []),
    ),
    mix: input.mix === undefined ? EMPTY_MIX : mixOf(await readCommit(store, input.mix)),
    shards: input.shards === undefined ? [] : await listed([input.shards]),
  };
}
