import { type Committed, commitStage } from '../../lake/commit.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { writeTable } from '../../lake/table.ts';
import type { ObjectRef, RunRef } from '../../workflows/contract.ts';
import { openDecontamination, policiesOf } from '../benchmarks/decontaminate.ts';
import type { KeptRows } from '../dedupe/verdicts.ts';
import type { PlanEntry } from '../plan/partitions.ts';
import { checkStage, type RunPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { keysOf, type SettledSource } from '../settle/excluded.ts';
import type { Told } from '../synthesize/round.ts';
import { readSlots, told } from '../synthesize/slots.ts';
import { filteredBy } from './decide.ts';
import { measure } from './measures.ts';
import { contextOf } from './overlap.ts';
import { PAIR_COLUMNS, PAIRS, type PairRow } from './pair-table.ts';
import { openAnswered, openQuestions } from './repeats.ts';
import { addPair, emptySummary, totalsOf } from './summary.ts';

export const SUMMARY = 'summary.json';

/** What a partition's filter commit rests on: its last round, and the sources that are left out. */
export interface FilterInput {
  run: RunRef;
  pins: RunPins;
  entry: PlanEntry;
  previous: ObjectRef;
  kept: KeptRows;
  benchmarks: ObjectRef | undefined;
  excluded: ReadonlyMap<number, SettledSource>;
}

/**
 * Measures every pair of a partition, and drops those that have words of an evaluation set, repeat a question of their text or do
 * not pass a filter that the spec asks for. The rounds' entries stay as they are: the commit says which pairs go on.
 */
export async function filterPairs(
  { store, checkCancelled }: Pick<Services, 'store' | 'checkCancelled'>,
  { run, pins, entry, previous, kept, benchmarks, excluded }: FilterInput,
): Promise<Committed> {
  checkStage(pins, 'filter');
  const { filters, seed } = pins.spec;
  const { rounds, share } = pins.spec.synthesize;
  return commitStage(
    store,
    run,
    {
      stage: 'filter',
      version: pins.stages.filter,
      unit: entry.id,
      spec: {
        ...{ filters, rounds, share, seed },
        policies: policiesOf(pins.spec),
        unicode: pins.unicode,
        excluded: keysOf(excluded),
        kept: kept.digest,
      },
      inputs: [previous, ...(benchmarks === undefined ? [] : [benchmarks])],
      etags: [],
    },
    async (folder) => {
      const summary = emptySummary();
      const contamination = (await openDecontamination(store, pins.spec, benchmarks))?.();
      const answered = openAnswered();
      let pairsElsewhere = 0;
      function rowsOf(entries: readonly Told[]): PairRow[] {
        const questions = openQuestions();
        return entries.flatMap(({ id: document, key, row, context, pairs }) => {
          if (pairs.length === 0) return [];
          checkCancelled();
          const known = contextOf(context);
          const text = `${row} ${key}`;
          return pairs.map((pair, index) => {
            const { kind, question, answer } = pair;
            const measures = measure(pair, known);
            const repeats = questions.repeats(text, pair);
            const reason = contamination?.pair(pair, { key, row, document, pair: index })
              ? ('contaminated' as const)
              : repeats
                ? ('repeatedQuestion' as const)
                : filteredBy(measures, kind, filters ?? {});
            const elsewhere = answered.elsewhere(text, pair);
            if (elsewhere) pairsElsewhere++;
            addPair(summary, { kind, measures, reason });
            return { document, index, kind, question, answer, ...measures, elsewhere, dropped: reason };
          });
        });
      }
      async function* rows(): AsyncGenerator<PairRow[]> {
        for await (const { slots, entries } of readSlots(store, pins, kept, previous)) {
          for (const slot of slots) {
            if (slot.texts.some(({ text }) => excluded.has(text.source))) continue;
            yield rowsOf(told(entries.get(slot.id) ?? [], slot.texts));
          }
        }
      }
      const table = await writeTable(folder, PAIRS, PAIR_COLUMNS, rows());
      const output = await folder.put(SUMMARY, canonicalJson(summary), 'application/json');
      const { kept: keptPairs, dropped } = totalsOf(summary);
      const filteredPairs = Object.values(dropped).reduce((sum, n) => sum + n, 0);
      return {
        outputs: [table, output, ...(contamination ? [await contamination.finish(folder)] : [])],
        counts: { keptPairs, filteredPairs, pairsElsewhere },
        data: contamination?.counts(),
      };
    },
  );
}
