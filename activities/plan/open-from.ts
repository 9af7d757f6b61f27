import { atOnce } from '../../lake/at-once.ts';
import { readCommit, readJson } from '../../lake/commit.ts';
import { InvalidSpec, PinMismatch, RunNotFound } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
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
import { columnsKey, corpusName, type Input, inputsOf, instructionColumns } from './inputs.ts';
import { type AsPublished, type BegunOn, findPins, type RunPins, readPins } from './pins.ts';
import { readSources } from './read-plan.ts';

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
 * Looks up the run that another one begins on (and those that it is mixed with), as they are published now, or were when this one was
 * started first. Throws RunNotFound, PinMismatch where one was made by another release, InvalidSpec.
 */
export async function beginOn(store: ObjectStore, run: RunRef, given: BegunSpec): Promise<Begun> {
  const { stage, also = [] } = given.from;
  const before = (await findPins(store, run))?.from;
  const known = before === undefined ? [] : [before, ...(before.also ?? [])];
  const others = await Promise.all(
    [given.from.run, ...also].map((name) =>
      otherRun(
        store,
        run,
        name,
        stage,
        known.find((each) => each.run === name),
      ),
    ),
  );
  const [first, ...more] = others as [OtherRun, ...OtherRun[]];
  for (const each of more) refuseUnlike(first.pins, each.pins);
  if (more.length > 0) await refuseShared(store, others);
  const source = first.pins;
  const spec = inheritSpec(given, source.spec);
  const from: BegunOn = {
    ...first.published,
    stage,
    inputs: taken(spec, source),
    ...(more.length > 0 && { also: more.map(({ published }) => published) }),
  };
  const results = async (): Promise<Partial<Results>> => resultsOf(store, run, from);
  return { source, spec, from, results };
}

/** A published run that another begins on. */
interface OtherRun {
  pins: RunPins;
  published: AsPublished;
}

async function otherRun(
  store: ObjectStore,
  run: RunRef,
  name: string,
  stage: FromStage,
  known: AsPublished | undefined,
): Promise<OtherRun> {
  const other: RunRef = { domain: run.domain, run: name };
  const named = `${other.domain}/${other.run}`;
  if (other.run === run.run)
    throw new InvalidSpec(`run ${named} cannot begin on itself; give it another name`);
  const pins = await readPins(store, other);
  const published = known ?? (await publishedNow(store, other));
  if (published === undefined) {
    throw new RunNotFound(`run ${named} has published nothing that another could begin on`);
  }
  if (pins.from?.also !== undefined) {
    throw new InvalidSpec(`run ${named} is itself a mix of several runs; begin on those that it names`);
  }
  const old = READ[stage].filter((each) => pins.stages[each] !== STAGE_VERSIONS[each]);
  if (old.length > 0) {
    const advice = stage === 'mix' && old.every((each) => !READ.template.includes(each));
    throw new PinMismatch(
      `run ${named} was made by another release (stages ${old.join(', ')}); ${advice ? 'begin from stage "template"' : 'ingest it anew under another name'}`,
    );
  }
  const { generation, publication } = published;
  return { pins, published: { run: name, generation, publication } };
}

/** What the documents of runs have in common that are mixed with each other. Throws InvalidSpec. */
function refuseUnlike(first: RunPins, other: RunPins): void {
  const shared = ({ tokenizer, spec }: RunPins): Record<string, unknown> => ({
    tokenizer,
    sequenceLength: spec.sequenceLength,
    'synthesize.share': spec.synthesize.share,
    seed: spec.seed,
    decontaminate: spec.decontaminate ?? null,
  });
  const [a, b] = [shared(first), shared(other)];
  const differ = Object.keys(a).filter((key) => canonicalJson(a[key]) !== canonicalJson(b[key]));
  if (differ.length === 0) return;
  throw new InvalidSpec(
    `runs ${first.domain}/${first.run} and ${other.domain}/${other.run} cannot be mixed with each other: their ${differ.join(', ')} differ; begin on one of them from stage "template" first`,
  );
}

/** Throws InvalidSpec where two runs have an object of the corpus in common: its texts would stand in the mix twice. */
async function refuseShared(store: ObjectStore, runs: readonly OtherRun[]): Promise<void> {
  const owners = new Map<string, string>();
  for (const { published } of runs) {
    const { plan } = await readPublishInput(store, await readJson<Publication>(store, published.publication));
    for (const { key } of await readSources(store, plan, 'corpus')) {
      const other = owners.get(key);
      if (other !== undefined) {
        throw new InvalidSpec(
          `runs ${other} and ${published.run} both have ${key}, whose texts would stand in the mix twice; leave one of them out`,
        );
      }
      owners.set(key, published.run);
    }
  }
}

async function publishedNow(store: ObjectStore, { domain, run }: RunRef): Promise<AsPublished | undefined> {
  const published = publishedRun((await readHead(store, domain)).entry, run);
  return published && { run, generation: published.generation, publication: published.publication };
}

/** The inputs that the new mix takes. Throws InvalidSpec for instructions that the other run has not. */
function taken({ mix }: FullSpec, source: RunPins): Input[] {
  const inputs = inputsOf(source);
  const wanted = mix.sources.flatMap((each) =>
    each.from === 'instructions'
      ? [{ prefix: each.prefix, columns: columnsKey(instructionColumns(each)) }]
      : [],
  );
  const known = new Set(inputs.map(({ columns }) => columnsKey(columns)));
  const missing = wanted.filter(({ columns }) => !known.has(columns));
  if (missing.length > 0) {
    const prefixes = missing.map(({ prefix }) => prefix).join(', ');
    throw new InvalidSpec(
      `run ${source.domain}/${source.run} has no instructions of ${prefixes} by these columns; a run that begins on it can only take what it has`,
    );
  }
  const names = new Set(wanted.map(({ columns }) => columns));
  return inputs.filter(({ name, columns }) => name === 'corpus' || names.has(columnsKey(columns)));
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
  for (const [i, { run: name, publication }] of (from.also ?? []).entries()) {
    const other = await readPublishInput(store, await readJson<Publication>(store, publication));
    const corpus = ((await readCommit(store, other.plan)).data as PlannedInput[]).find(
      (each) => each.name === 'corpus',
    );
    if (corpus === undefined || other.documents.corpus === undefined) {
      throw new RunNotFound(`run ${run.domain}/${name} has kept nothing: there is nothing to mix`);
    }
    inputs.push({ ...corpus, name: corpusName(i + 1) });
    own[corpusName(i + 1)] = other.documents.corpus;
  }
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
