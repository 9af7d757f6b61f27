import type { ModelJson } from './file.ts';
import type { Merge } from './merges.ts';
import type { Refusal } from './refusal.ts';

/** A byte-pair encoding whose merges are all there is to it. */
export interface Bpe {
  vocabulary: ReadonlyMap<string, number>;
  merges: Merge[];
  /** What each merge makes, as the vocabulary spells it. */
  results: string[];
  byteFallback: boolean;
  ignoreMerges: boolean;
}

/** The model of a file, or why it is none that the fast way knows. */
export function readBpe(model: ModelJson): Bpe | Refusal {
  const { type = 'BPE', vocab, merges: list, dropout } = model;
  if (type !== 'BPE' || typeof vocab !== 'object' || vocab === null || !Array.isArray(list)) {
    return { reason: 'model', detail: `the model is ${type}, not BPE with a vocabulary and merges` };
  }
  if (dropout) return { reason: 'dropout', detail: `dropout is ${dropout}` };
  for (const affix of ['continuing_subword_prefix', 'end_of_word_suffix'] as const) {
    if (model[affix]) return { reason: 'affix', detail: `${affix} is ${JSON.stringify(model[affix])}` };
  }
  const vocabulary = new Map(Object.entries(vocab as Record<string, number>));
  const merges: Merge[] = [];
  const results: string[] = [];
  for (const entry of list as unknown[]) {
    const [left, right, more] = typeof entry === 'string' ? entry.split(' ') : (entry as string[]);
    const ids = [left, right, `${left}${right}`].map((token) => vocabulary.get(token ?? ''));
    const [first, second, result] = ids;
    if (first === undefined || second === undefined || result === undefined || more !== undefined) {
      return { reason: 'merges', detail: `the merge ${JSON.stringify(entry)} has a token that is not there` };
    }
    merges.push({ left: first, right: second, result });
    results.push(`${left}${right}`);
  }
  return {
    vocabulary,
    merges,
    results,
    byteFallback: model.byte_fallback === true,
    ignoreMerges: model.ignore_merges === true,
  };
}
