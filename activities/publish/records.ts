import { outputOf, readCommit, readJson, type StageCommit } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, PublishInput } from '../../workflows/contract.ts';
import { FAILED, type FailedSourceRows } from '../dedupe/failures.ts';
import { sumSummaries } from '../filter/report.ts';
import type { PairSummary } from '../filter/summary.ts';
import { readCommits, readLists } from '../lists.ts';
import { EMPTY_MIX, type Mix, mixOf } from '../mix/mix.ts';
import { corpusName, inputsOf, isCorpus } from '../plan/inputs.ts';
import type { PlannedSource } from '../plan/partitions.ts';
import type { RunPins } from '../plan/pins.ts';
import { readSources } from '../plan/read-plan.ts';
import { readSettled } from '../settle/excluded.ts';
import type { CorpusData } from '../template/template-partition.ts';
import { readPublishInput } from './provenance.ts';
import type { Publication } from './publication.ts';

/** What a run has committed, as far as its manifest says anything of it. */
export interface RunRecords {
  /** Sources of each input, as planned. */
  planned: { name: string; sources: PlannedSource[] }[];
  /** Where the spec names evaluation sets. */
  scans?: StageCommit[];
  verdicts: StageCommit[];
  /** Sources of the corpus that failed before the verdicts and after them. */
  failed: FailedSourceRows[];
  settled: StageCommit[];
  /** Documents of the corpus, and of the instructions. */
  corpus: StageCommit[];
  instructions: StageCommit[];
  /** What the pairs of all partitions measure. */
  pairs: PairSummary;
  mix: Mix;
  shards: StageCommit[];
}

/** What a run has committed about the texts of its corpus. */
interface TextRecords extends Pick<RunRecords, 'verdicts' | 'failed' | 'settled'> {
  /** Lists of its scans, where they have looked for evaluation sets. */
  scans: readonly ObjectRef[] | undefined;
}

async function readTexts(store: ObjectStore, input: PublishInput): Promise<TextRecords> {
  const verdicts = await readCommits(store, input.verdicts);
  const [first] = verdicts;
  const early = first === undefined ? [] : await readJson<FailedSourceRows[]>(store, outputOf(first, FAILED));
  const late = (await readSettled(store, input.settled)).filter((each) => each.input === 'corpus');
  return {
    scans: input.benchmarks === undefined ? undefined : input.scans,
    verdicts,
    failed: [...early, ...late],
    settled: input.settled === undefined ? [] : [await readCommit(store, input.settled)],
  };
}

/** Reads what a publication rests on: commits and what they name, each by its hash. Throws CorruptLake. */
export async function readRecords(
  store: ObjectStore,
  pins: Pick<RunPins, 'spec' | 'from'>,
  input: PublishInput,
): Promise<RunRecords> {
  const listed = async (lists: readonly ObjectRef[]): Promise<StageCommit[]> =>
    readCommits(store, await readLists(store, lists));
  const corpora = Object.entries(input.documents).filter(([name]) => isCorpus(name));
  const others = Object.entries(input.documents).filter(([name]) => !isCorpus(name));
  const corpus = await listed(corpora.flatMap(([, lists]) => lists));
  const planned: RunRecords['planned'] = [];
  for (const { name } of inputsOf(pins)) {
    planned.push({ name, sources: await readSources(store, input.plan, name) });
  }
  const texts: TextRecords[] = [await readTexts(store, input)];
  for (const [i, { publication }] of (pins.from?.also ?? []).entries()) {
    const also = await readPublishInput(store, await readJson<Publication>(store, publication));
    planned.push({ name: corpusName(i + 1), sources: await readSources(store, also.plan, 'corpus') });
    texts.push(await readTexts(store, also));
  }
  const scans = texts.flatMap((each) => each.scans ?? []);
  return {
    planned,
    ...(texts.some((each) => each.scans !== undefined) && { scans: await listed(scans) }),
    verdicts: texts.flatMap(({ verdicts }) => verdicts),
    failed: texts.flatMap(({ failed }) => failed),
    settled: texts.flatMap(({ settled }) => settled),
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
