import type { AttemptFolder, Output } from '../../lake/commit.ts';
import type { FullSpec } from '../../lake/spec.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { writeTable } from '../../lake/table.ts';
import type { BenchmarkField, ContaminationPolicy, ObjectRef, Pair } from '../../workflows/contract.ts';
import type { Check, Place } from '../scan/check.ts';
import { type BenchmarkIndex, FIELDS } from './benchmark-index.ts';
import {
  CONTAMINATION,
  CONTAMINATION_COLUMNS,
  type ContaminationCounts,
  type ContaminationRow,
  type ContaminationSource,
  sumContamination,
} from './contamination.ts';
import { openBenchmarks } from './index-benchmarks.ts';
import { type Match, matchesIn } from './match.ts';

/** A generated pair: where its text stands, the id of its document (or part), its number there. */
export interface PairPlace extends Place {
  document: string;
  pair: number;
}

/** Looks for evaluation sets in the texts of a partition, and keeps what it finds. */
export interface Decontamination {
  /** Rejects documents that are to be dropped; asked again of a place, it knows it once. */
  readonly document: Check;
  /** Whether a pair is to be dropped: for its question and options, or for its answer and rationale. */
  pair(pair: Pair, place: PairPlace): boolean;
  /** Rejects rows of an input of instructions. */
  instruction(input: string, text: string, place: Place): ReturnType<Check>;
  /** Drops what was found in a source that has failed. */
  forget(key: string): void;
  /** What was found in texts of one source, or in all. */
  counts(key?: string): ContaminationCounts;
  /** Everything that was found, as the table of a stage. */
  finish(folder: AttemptFolder): Promise<Output>;
}

/** Policies by the names of the sets; what of a spec decides, beside the index, what becomes of a text. */
export type Policies = Readonly<Record<string, Readonly<Record<BenchmarkField, ContaminationPolicy>>>>;
export function policiesOf({ decontaminate }: FullSpec): Policies | undefined {
  return decontaminate && Object.fromEntries(decontaminate.sets.map(({ name, policy }) => [name, policy]));
}

/** Opens the look for the sets of a spec, each partition's anew; undefined where there is no index of any. */
export async function openDecontamination(
  store: ObjectStore,
  spec: FullSpec,
  ref: ObjectRef | undefined,
): Promise<(() => Decontamination) | undefined> {
  const policies = policiesOf(spec);
  if (ref === undefined || policies === undefined) return undefined;
  const index = await openBenchmarks(store, ref);
  return () => decontamination(index, policies);
}

/** What was found in one text. */
interface Found {
  source: ContaminationSource;
  place: Place & Partial<PairPlace>;
  matches: (Match & { policy: ContaminationPolicy })[];
}

/** Looks for the values of an index by the policies of its sets. */
export function decontamination(index: BenchmarkIndex, policies: Policies): Decontamination {
  // By record (a document, a pair, a row of instructions): a place that is looked at again is found once.
  const found = new Map<string, Found[]>();
  const setOf = (value: number): string => index.sets[index.setOf[value] as number] as string;
  const fieldOf = (value: number): BenchmarkField => FIELDS[index.fieldOf[value] as number] as BenchmarkField;

  function look(source: ContaminationSource, place: Found['place'], text: string, answer?: string): Found {
    const matches = matchesIn(index, text, answer).map((match) => {
      const policy = policies[setOf(match.value)]?.[fieldOf(match.value)] ?? 'flag';
      return { ...match, policy };
    });
    return { source, place, matches };
  }
  /** Keeps what was found in the texts of a record, and gives the first match for which it is dropped. */
  function keep(record: string, { key, row, document, pair }: Found['place'], texts: readonly Found[]) {
    const some = texts.filter(({ matches }) => matches.length > 0);
    if (some.length > 0) found.set(JSON.stringify([record, key, row, document, pair]), some);
    return some.flatMap(({ matches }) => matches).find(({ policy }) => policy === 'drop');
  }
  function rejection(match: Match | undefined): ReturnType<Check> {
    if (match === undefined) return undefined;
    const { value, words } = match;
    return { reason: 'contaminated', detail: `${setOf(value)}, ${fieldOf(value)}: ${words}` };
  }
  function rowsOf({ source, place, matches }: Found): ContaminationRow[] {
    return matches.flatMap(({ value, policy, grams, words }) => {
      const first = index.firstItem[value] as number;
      const count = (index.firstItem[value + 1] as number) - first;
      return Array.from({ length: count }, (_, i): ContaminationRow => {
        const { key, row, document = null, pair = null } = place;
        return {
          benchmark: setOf(value),
          item: index.objects[index.itemObject[first + i] as number] as string,
          itemRow: index.itemRow[first + i] as number,
          items: index.itemsOf[value] as number,
          field: fieldOf(value),
          ...{ policy, source, key, row, document, pair, grams },
          of: index.gramsOf[value] as number,
          words,
        };
      });
    });
  }
  function countsOf(record: string, texts: readonly Found[]): ContaminationCounts {
    const dropped = texts.some(({ matches }) => matches.some(({ policy }) => policy === 'drop'));
    const tallies = texts.map(({ source, matches }): ContaminationCounts => {
      const each = matches.map(({ value, policy }) => ({
        ...{ benchmark: setOf(value), field: fieldOf(value), source, policy },
        ...{ texts: 0, matches: 1 },
      }));
      const summed = sumContamination([{ records: {}, matches: each }]).matches;
      return { records: {}, matches: summed.map((tally) => ({ ...tally, texts: 1 })) };
    });
    const records = { [record]: { dropped: dropped ? 1 : 0, flagged: dropped ? 0 : 1 } };
    return sumContamination([{ records, matches: [] }, ...tallies]);
  }
  return {
    document: (text, place) => rejection(keep('document', place, [look('document', place, text)])),
    pair({ question, options = [], rationale, answer }, place) {
      const asked = [question, ...options].join('\n');
      const said = rationale === undefined ? answer : `${rationale}\n${answer}`;
      const texts = [look('question', place, asked, said), look('answer', place, said, '')];
      return keep('pair', place, texts) !== undefined;
    },
    instruction(input, text, place) {
      return rejection(keep(input, place, [look(input as ContaminationSource, place, text)]));
    },
    forget(key) {
      for (const [name, texts] of found) if (texts[0]?.place.key === key) found.delete(name);
    },
    counts(key) {
      const all: ContaminationCounts[] = [];
      for (const [name, texts] of found) {
        const [record] = JSON.parse(name) as [string];
        if (key === undefined || texts[0]?.place.key === key) all.push(countsOf(record, texts));
      }
      return sumContamination(all);
    },
    finish: (folder) =>
      writeTable(folder, CONTAMINATION, CONTAMINATION_COLUMNS, [...found.values()].flat().flatMap(rowsOf)),
  };
}
