import { atOnce } from '../../lake/at-once.ts';
import { readCommit, readJson } from '../../lake/commit.ts';
import { InvalidSpec, PinMismatch, RunNotFound } from '../../lake/errors.ts';
import { publishedRun, readHead } from '../../lake/log.ts';
import { type BegunSpec, type FullSpec, inheritSpec } from '../../lake/spec.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type {
  FromStage,
  ListItem,
  Lists,
  ObjectRef,
  PlannedInput,
  Results,
  RunRef,
  Settled,
} from '../../workflows/contract.ts';
import { readItems, saveList } from '../lists.ts';
import { readPublishInput } from '../publish/provenance.ts';
import type { Publication } from '../publish/publication.ts';
import type { SettledData } from '../settle/settle-failures.ts';
import { STAGE_VERSIONS, type Stage } from '../versions.ts';
import { type Input, inputsOf, instructionColumns } from './inputs.ts';
import { type BegunOn, findPins, type RunPins, readPins } from './pins.ts';

/** Commits that are read at once. */
const READS = 16;

/** The stages whose objects are read, by the first that is done anew. */
const READ: Readonly<Record<FromStage, readonly Stage[]>> = {
  filter: ['plan', 'benchmarks', 'scan', 'dedupe', 'synthesize', 'settle'],
  template: ['plan', 'benchmarks', 'scan', 'dedupe', 'synthesize', 'settle'],
  mix: ['plan', 'benchmarks', 'scan', 'dedupe', 'synthesize', 'settle', 'filter', 'template'],
};

/** What a run begins on: the pins of the other one, its own spec, and what the phases before have left there. */
export interface Begun {
  source: RunPins;
  spec: FullSpec;
  from: BegunOn;
  /** Saves lists of commits: once the run has its pins. */
  results(): Promise<Partial<Results>>;
}

/**
 * Looks up the run that another one begins on, as it is published now (or was when this one was started first). Throws RunNotFound,
 * PinMismatch where it was made by another release, InvalidSpec.
 */
export async function beginOn(store: ObjectStore, run: RunRef, given: BegunSpec): Promise<Begun> {
  const { stage } = given.from;
  const other: RunRef = { domain: run.domain, run: given.from.run };
  const named = `${other.domain}/${other.run}`;
  if (other.run === run.run)
    throw new InvalidSpec(`run ${named} cannot begin on itself; give it another name`);
  const source = await readPins(store, other);
  const before = await findPins(store, run);
  const known = before?.from ?? (await publishedNow(store, other));
  if (known === undefined) {
    throw new RunNotFound(`run ${named} has published nothing that another could begin on`);
  }
  const old = READ[stage].filter((each) => source.stages[each] !== STAGE_VERSIONS[each]);
  if (old.length > 0) {
    const advice = stage === 'mix' && old.every((each) => !READ.template.includes(each));
    throw new PinMismatch(
      `run ${named} was made by another release (stages ${old.join(', ')}); ${advice ? 'begin from stage "template"' : 'ingest it anew under another name'}`,
    );
  }
  const spec = inheritSpec(given, source.spec);
  const { generation, publication } = known;
  const from = { run: other.run, generation, stage, publication, inputs: taken(spec, source) };
  const results = async (): Promise<Partial<Results>> => resultsOf(store, run, from);
  return { source, spec, from, results };
}

async function publishedNow(
  store: ObjectStore,
  { domain, run }: RunRef,
): Promise<Pick<BegunOn, 'generation' | 'publication'> | undefined> {
  const published = publishedRun((await readHead(store, domain)).entry, run);
  return published && { generation: published.generation, publication: published.publication };
}

/** The inputs that the new mix takes. Throws InvalidSpec for instructions that the other run has not. */
function taken({ mix }: FullSpec, source: RunPins): Input[] {
  const inputs = inputsOf(source);
  const wanted = mix.sources.flatMap((each) =>
    each.from === 'instructions'
      ? [{ prefix: each.prefix, columns: JSON.stringify(instructionColumns(each)) }]
      : [],
  );
  const known = new Set(inputs.map(({ columns }) => JSON.stringify(columns)));
  const missing = wanted.filter(({ columns }) => !known.has(columns));
  if (missing.length > 0) {
    const prefixes = missing.map(({ prefix }) => prefix).join(', ');
    throw new InvalidSpec(
      `run ${source.domain}/${source.run} has no instructions of ${prefixes} by these columns; a run that begins on it can only take what it has`,
    );
  }
  const names = new Set(wanted.map(({ columns }) => columns));
  return inputs.filter(({ name, columns }) => name === 'corpus' || names.has(JSON.stringify(columns)));
}

/** What the phases before `from.stage` have left. */
async function resultsOf(store: ObjectStore, run: RunRef, from: BegunOn): Promise<Partial<Results>> {
  const input = await readPublishInput(store, await readJson<Publication>(store, from.publication));
  const { plan, benchmarks, scans, verdicts, settled, judged, documents } = input;
  if (documents.corpus === undefined) {
    throw new RunNotFound(`run ${run.domain}/${from.run} has kept nothing: there is nothing to begin on`);
  }
  const names = new Set(from.inputs.map(({ name }) => name));
  const planned = (await readCommit(store, plan)).data as PlannedInput[];
  const inputs = planned.filter(({ name }) => names.has(name));
  const own: Lists = Object.fromEntries(Object.entries(documents).filter(([name]) => names.has(name)));
  return {
    plan: { plan, inputs, ...(benchmarks && { benchmarks }) },
    scan: scans,
    dedupe: verdicts,
    synthesize: {
      pairs: from.stage === 'mix' ? {} : { corpus: await pairsOf(store, run, documents.corpus) },
      ...(settled && { settled: await settledOf(store, settled) }),
      // What a judge said is about the pairs, whatever is made of them; other filters would draw another sample.
      ...(judged && from.stage !== 'filter' && { judged }),
    },
    ...(from.stage === 'mix' && { template: { documents: own, ...(settled && { settled }) } }),
  };
}

async function settledOf(store: ObjectStore, ref: ObjectRef): Promise<Settled> {
  const { counts, data } = await readCommit(store, ref);
  const { corpus, instructions, failures } = data as SettledData;
  return { ref, counts, corpus, instructions, ...(failures && { failures }) };
}

/** Lists of the last round of each partition, from which its documents were made. */
function pairsOf(store: ObjectStore, run: RunRef, documents: readonly ObjectRef[]): Promise<ObjectRef[]> {
  return Promise.all(
    documents.map(async (list) => {
      const items = await atOnce(await readItems(store, [list]), READS, (item) => lastRound(store, item));
      return saveList({ store }, { run, items });
    }),
  );
}

/** Documents → the filter before them → the round before that. */
async function lastRound(store: ObjectStore, item: ListItem): Promise<ListItem> {
  if ('failed' in item) return item;
  const [filter] = (await readCommit(store, item)).inputs;
  // All its sources were left out; they are again, and it is never read.
  if (filter === undefined)
    return { failed: { type: 'TooManyFailedSources', message: 'it has failed before' } };
  const [round] = (await readCommit(store, filter)).inputs;
  return round ?? item;
}
