import type { Pair } from '../../workflows/contract.ts';

/** What became of one text (or part) in its round: the answer that was picked, and the pairs it gave. */
export interface Entry {
  /** Document id. */
  id: string;
  /** Raw key of its source. */
  key: string;
  row: number;
  part: number;
  /** UTF-8 byte range of the part in the text. */
  start: number;
  end: number;
  slot: string;
  round: number;
  /** The entry before it in the slot stood in its prompt, and it has at least one valid pair. */
  linked: boolean;
  /** Entries before it that stood in its prompt. */
  history: number;
  /** Why it was set aside unanswered; undefined when it was answered. */
  setAside: string | undefined;
  request: string;
  completion: string;
  finishReason: string;
  promptTokens: number;
  completionTokens: number;
  pairs: Pair[];
  /** Dropped segments by reason. */
  drops: Record<string, number>;
}

/**
 * The entries of a slot, in order, that may stand in the prompt of the next text: back from the newest while each is
 * linked to the one before it; none when the newest has no pairs (method.md section 1, "Rounds and chains").
 */
export function historyOf<E extends Pick<Entry, 'linked' | 'pairs'>>(entries: readonly E[]): E[] {
  const history: E[] = [];
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    if (entry === undefined || entry.pairs.length === 0) break;
    history.unshift(entry);
    if (!entry.linked) break;
  }
  return history;
}

/** Cuts the entries of a slot into chains: maximal linked runs. An entry without pairs is a chain of its own. */
export function chainsOf<E extends Pick<Entry, 'linked'>>(entries: readonly E[]): E[][] {
  const chains: E[][] = [];
  for (const entry of entries) {
    const last = chains.at(-1);
    if (last !== undefined && entry.linked) last.push(entry);
    else chains.push([entry]);
  }
  return chains;
}

/** Counts of entries. `convertedTexts` are texts; the others count parts. */
export interface EntryCounts {
  convertedTexts: number;
  prompted: number;
  pairs: number;
  textsWithPairs: number;
  linked: number;
  setAside: number;
  droppedPairs: number;
  promptTokens: number;
  completionTokens: number;
}

/** What some entries came to. */
export function countsOf(entries: readonly Entry[]): EntryCounts {
  const sum = (count: (entry: Entry) => number): number =>
    entries.reduce((total, each) => total + count(each), 0);
  return {
    convertedTexts: sum(({ part }) => (part === 0 ? 1 : 0)),
    prompted: entries.length,
    pairs: sum(({ pairs }) => pairs.length),
    textsWithPairs: sum(({ pairs }) => (pairs.length > 0 ? 1 : 0)),
    linked: sum(({ linked }) => (linked ? 1 : 0)),
    setAside: sum(({ setAside }) => (setAside === undefined ? 0 : 1)),
    droppedPairs: sum(({ drops }) => Object.values(drops).reduce((total, each) => total + each, 0)),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
  };
}

export function addEntryCounts(sum: EntryCounts, more: EntryCounts): void {
  for (const name of Object.keys(sum) as (keyof EntryCounts)[]) sum[name] += more[name];
}
