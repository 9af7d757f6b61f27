import { commitStage, outputOf } from '../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Lists, Mixed, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { bytesPerToken } from '../shards/dtype.ts';
import { dtypeFor } from '../shards/megatron.ts';
import { type Totals, unitsName } from '../tokenize/documents.ts';
import { type Mix, type MixedSource, mixOf, sourceName } from './mix.ts';
import { divide } from './share.ts';
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
      const wanted = mix.sources.map((source, index) => {
        const name = sourceName(source, index);
        const totals = commits.map(({ data }) => (data as Totals)[name]);
        const unique = totals.reduce((sum, each) => sum + (each?.tokens ?? 0), 0);
        return { source: name, weight: source.weight, unique };
      });
      const sources: MixedSource[] = [];
      for (const share of divide(mix, wanted)) {
        checkCancelled();
        const holders = commits.filter(({ data }) => (data as Totals)[share.source] !== undefined);
        const runs = await openCommittedRuns(
          store,
          holders.map((each) => outputOf(each, unitsName(share.source))),
        );
        const all = holders.reduce(
          (sum, { data }) => {
            const totals = (data as Totals)[share.source];
            return {
              units: sum.units + (totals?.units ?? 0),
              documents: sum.documents + (totals?.documents ?? 0),
            };
          },
          { units: 0, documents: 0 },
        );
        const part = share.rest === 0 ? NOTHING : await takePart(runs, share.rest, checkCancelled);
        sources.push({
          ...share,
          cut: part.cut,
          got: share.passes * share.unique + part.tokens,
          units: share.passes * all.units + part.units,
          documents: share.passes * all.documents + part.documents,
        });
      }
      const tokens = sources.reduce((sum, { got }) => sum + got, 0);
      const bytes = tokens * bytesPerToken(dtypeFor(pins.tokenizer.highestId));
      const decided: Mix = {
        sources,
        shards: Math.max(1, Math.ceil(bytes / shardSpec.bytes)),
        documents: sources.reduce((sum, each) => sum + each.documents, 0),
        tokens,
      };
      const output = await folder.put('mix.json', JSON.stringify(decided, null, 1), 'application/json');
      const shortfall = sources.reduce((sum, each) => sum + each.shortfall, 0);
      const counts = { mixedDocuments: decided.documents, mixedTokens: tokens, shortfallTokens: shortfall };
      return {
        outputs: [output],
        counts,
        data: { ...decided, sources: sources.map((each) => ({ ...each, cut: each.cut && { ...each.cut } })) },
      };
    },
  );
  return { ref, counts: commit.counts, shards: mixOf(commit).shards };
}

const NOTHING = { cut: null, tokens: 0, units: 0, documents: 0 };

/** Units in the order of their hashes, as long as they stay within `rest` tokens. */
async function takePart(
  runs: Parameters<typeof mergeRuns>[0],
  rest: number,
  onBatch: () => void,
): Promise<Pick<MixedSource, 'cut' | 'units' | 'documents'> & { tokens: number }> {
  const taken = { cut: null, tokens: 0, units: 0, documents: 0 };
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    onBatch();
    for (const record of batch) {
      const { unit, tokens, documents } = unitOf(record);
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
