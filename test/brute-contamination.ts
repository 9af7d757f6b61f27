import type { BenchmarkField } from '../workflows/contract.ts';

/** An item of an evaluation set: where it stands, and its fields. */
export interface BruteItem {
  benchmark: string;
  item: string;
  itemRow: number;
  values: Partial<Record<BenchmarkField, readonly string[]>>;
}
export interface BruteMatch {
  benchmark: string;
  item: string;
  itemRow: number;
  field: BenchmarkField;
}

/** Words by the runtime's own Unicode: the same as ours for texts in English. */
const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
const spaced = (text: string): string => ` ${wordsOf(text).join(' ')} `;

/**
 * The rules once more, with nothing of ours in it: a text is a string of words, and each run of words of each field is looked
 * for in it. Grams that more than ten values of a field share are no item's.
 */
export function bruteForce(items: readonly BruteItem[]) {
  const runs = new Map<string, Set<string>>();
  const fields = items.flatMap((item) =>
    (Object.entries(item.values) as [BenchmarkField, readonly string[]][]).flatMap(([field, values]) =>
      values.map((value) => {
        const words = wordsOf(value);
        const n = Math.min(13, words.length);
        const grams =
          n < 8 ? [] : words.slice(0, words.length - n + 1).map((_, i) => words.slice(i, i + n).join(' '));
        for (const gram of grams) {
          const key = `${item.benchmark}|${field}|${gram}`;
          runs.set(key, (runs.get(key) ?? new Set()).add(words.join(' ')));
        }
        return { item, field, words, grams };
      }),
    ),
  );
  const byGram = new Map<string, Set<(typeof fields)[number]>>();
  for (const each of fields) {
    for (const gram of each.grams) {
      const sharers = runs.get(`${each.item.benchmark}|${each.field}|${gram}`)?.size ?? 0;
      if (sharers <= 10) byGram.set(gram, (byGram.get(gram) ?? new Set()).add(each));
    }
  }
  const short = fields.filter(
    ({ field, words, item }) =>
      field === 'question' && words.length > 0 && words.length < 8 && item.values.answer !== undefined,
  );
  return (text: string, answer = text): BruteMatch[] => {
    const words = wordsOf(text);
    const found = new Set<(typeof fields)[number]>();
    for (let n = 8; n <= 13; n++) {
      for (let i = 0; i + n <= words.length; i++) {
        for (const each of byGram.get(words.slice(i, i + n).join(' ')) ?? []) found.add(each);
      }
    }
    const here = spaced(text);
    const beside = spaced(answer);
    for (const each of short) {
      const answers = (each.item.values.answer ?? []).filter((one) => wordsOf(one).length > 0);
      if (here.includes(` ${each.words.join(' ')} `) && answers.some((one) => beside.includes(spaced(one)))) {
        found.add(each);
      }
    }
    const matches = [...found].map(({ item, field }): BruteMatch => {
      const { benchmark, item: key, itemRow } = item;
      return { benchmark, item: key, itemRow, field };
    });
    return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()];
  };
}
