import { commitStage, outputOf } from '../../lake/commit.ts';
import { MixShortfall } from '../../lake/errors.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Amount, Lists, Mixed, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { sourceNames } from '../plan/inputs.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { bytesPerToken } from '../shards/dtype.ts';
import { dtypeFor } from '../shards/megatron.ts';
import { type SourceTotals, type Totals, unitsName } from '../tokenize/documents.ts';
import { type Forms, takes } from './form.ts';
import { type Mix, type MixedSource, mixOf } from './mix.ts';
import { divide, type Share } from './share.ts';
import { unitOf } from './unit.ts';

/** Decides how often every unit of every source stands in the mix: shares by tokens, the cut read exactly. */
export async function mixSources(
  { store, checkCancelled }: Services,
  { run, documents }: { run: RunRef; documents: Lists },
): Promise<Mixed> {
  const pins = await readPins(store, run);
  checkStage(pins, 'mix');
  const { mix, shards: shardSpec, seed } = pins.spec;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'mix',
      version: pins.stages.mix,
      unit: 'global',
      spec: {
        mix: { ...mix, sources: mix.sources.map((each) => ({ ...each })) },
        seed,
        shards: shardSpec,
      },
      inputs: Object.values(documents).flat(),
      etags: [],
    },
    async (folder) => {
      const commits = await readCommits(store, await readLists(store, Object.values(documents).flat()));
      const made = pins.spec.synthesize.share;
      const forms: Forms = { share: mix.share ?? made, alsoRaw: mix.alsoRaw };
      const asMade = forms.share === made && !forms.alsoRaw;
      const wanted: Source[] = [];
      for (const [index, name] of sourceNames(pins).entries()) {
        const { weight, tokens, repeat } = mix.sources[index] as Amount;
        const holders = commits.filter(({ data }) => (data as Totals)[name] !== undefined);
        const runs = await openCommittedRuns(
          store,
          holders.map((each) => outputOf(each, unitsName(name))),
        );
        const all = asMade
          ? sumTotals(holders.map(({ data }) => (data as Totals)[name] as SourceTotals))
          : await countUnits(runs, forms, made, checkCancelled);
        const amount = { ...(weight && { weight }), ...(tokens && { tokens }), ...(repeat && { repeat }) };
        wanted.push({ source: name, ...amount, unique: all.tokens, runs, all });
      }
      const sources: MixedSource[] = [];
      for (const { runs, all, ...share } of divide(mix, wanted) as (Share & Source)[]) {
        checkCancelled();
        const part = share.rest === 0 ? NOTHING : await takePart(runs, share.rest, forms, checkCancelled);
        sources.push({
          ...share,
          cut: part.cut,
          got: share.passes * share.unique + part.tokens,
          units: share.passes * all.units + part.units,
          documents: share.passes * all.documents + part.documents,
        });
      }
      const tokens = sources.reduce((sum, { got }) => sum + got, 0);
      const width = bytesPerToken(dtypeFor(pins.tokenizer.highestId));
      const shardsFor = (some: number): number => Math.max(1, Math.ceil((some * width) / shardSpec.bytes));
      const perSource = shardSpec.layout === 'perSource' ? sources.map(({ got }) => shardsFor(got)) : null;
      const decided: Mix = {
        ...forms,
        sources,
        shards: perSource?.reduce((sum, each) => sum + each, 0) ?? shardsFor(tokens),
        perSource,
        documents: sources.reduce((sum, each) => sum + each.documents, 0),
        tokens,
      };
      const output = await folder.put('mix.json', JSON.stringify(decided, null, 1), 'application/json');
      const shortfall = sources.reduce((sum, each) => sum + each.shortfall, 0);
      const counts = { mixedDocuments: decided.documents, mixedTokens: tokens, shortfallTokens: shortfall };
      return {
        outputs: [output],
        counts,
        data: {
          ...decided,
          perSource,
          sources: sources.map((each) => ({ ...each, cut: each.cut && { ...each.cut } })),
        },
      };
    },
  );
  return { ref, counts: commit.counts, shards: mixOf(commit).shards };
}

type Runs = Parameters<typeof mergeRuns>[0];
interface Source extends Amount {
  source: string;
  unique: number;
  runs: Runs;
  all: SourceTotals;
}

function sumTotals(totals: readonly SourceTotals[]): SourceTotals {
  const sum = { units: 0, documents: 0, tokens: 0 };
  for (const each of totals) add(sum, each);
  return sum;
}
function add(
  sum: SourceTotals,
  { units = 1, documents, tokens }: Partial<SourceTotals> & Omit<SourceTotals, 'units'>,
): void {
  sum.units += units;
  sum.documents += documents;
  sum.tokens += tokens;
}

/**
 * What a source has in other forms than those that were synthesized. Throws MixShortfall where more is to be converted than was: `made`
 * is the share that was.
 */
async function countUnits(
  runs: Runs,
  forms: Forms,
  made: number,
  onBatch: () => void,
): Promise<SourceTotals> {
  const sum = { units: 0, documents: 0, tokens: 0 };
  let missing = 0;
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    onBatch();
    for (const unit of batch.map(unitOf)) {
      if (takes(forms, unit.when, unit.draw)) add(sum, { documents: unit.documents, tokens: unit.tokens });
      if (unit.when === 'always' && unit.draw >= made && unit.draw < forms.share) missing++;
    }
  }
  if (missing > 0) {
    throw new MixShortfall(
      `a share of ${forms.share} takes ${missing} texts as converted that were not: ${made} of the slots were; ask for ${made} at most`,
    );
  }
  return sum;
}

const NOTHING = { cut: null, tokens: 0, units: 0, documents: 0 };

/** Units in the order of their hashes, as long as they stay within `rest` tokens. */
async function takePart(
  runs: Runs,
  rest: number,
  forms: Forms,
  onBatch: () => void,
): Promise<Pick<MixedSource, 'cut' | 'units' | 'documents'> & { tokens: number }> {
  const taken = { cut: null, tokens: 0, units: 0, documents: 0 };
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    onBatch();
    for (const record of batch) {
      const { unit, tokens, documents, draw, when } = unitOf(record);
      if (!takes(forms, when, draw)) continue;
      if (taken.tokens + tokens > rest) {
        return { ...taken, cut: { key: record.key.toString(16).padStart(16, '0'), unit } };
      }
      taken.tokens += tokens;
      taken.units++;
      taken.documents += documents;
    }
  }
  return taken;
}
