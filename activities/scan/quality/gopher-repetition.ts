import type { GopherRepetition } from '../../../lake/spec/quality.ts';
import { type Grams, gramsOf, ONCE } from './grams.ts';
import { type Finding, figure, part, type Rule } from './rule.ts';
import { charactersOf, type Words } from './words.ts';

/** Lengths of the runs of words whose commonest is looked at, and of those whose repetitions are. */
const TOP = [2, 3, 4] as const;
const DUPLICATE = [5, 6, 7, 8, 9, 10] as const;

/**
 * The repetition rules of Gopher (Rae et al. 2021, table A1): no large part of a text may say again what it has said.
 * Lines and paragraphs are repeated when an earlier one is the same; parts of them are of their number, or of
 * the text's characters. The characters of the commonest run of two, three or four words are those of all its occurrences (of
 * several as common the longest; one that occurs once is none). Those of repeated runs of five to ten words are
 * counted from left to right: a run that stood earlier counts, and the next one begins behind it. Words keep case and
 * punctuation; characters are code points that are not white space.
 */
export function gopherRepetition(limits: GopherRepetition): Rule {
  return ({ text, words, lines: { lines, paragraphs } }) => {
    const all = words.allCharacters;
    const repeated = [
      { name: 'Line', found: repeats(lines), pieces: lines.length },
      { name: 'Paragraph', found: repeats(paragraphs), pieces: paragraphs.length },
    ] as const;
    for (const { name, found, pieces } of repeated) {
      const kind = `${name.toLowerCase()}s`;
      const some = over(
        `duplicate${name}s`,
        part(found.count, pieces),
        limits[`maxDuplicate${name}s`],
        `of the ${kind} stand earlier`,
      );
      const of = part(found.characters, all);
      const long = over(
        `duplicate${name}Characters`,
        of,
        limits[`maxDuplicate${name}Characters`],
        `of the characters are of ${kind} that stand earlier`,
      );
      if (some !== undefined || long !== undefined) return some ?? long;
    }
    const sums = sumsOf(words);
    let n = 0;
    for (const grams of gramsOf(text, words, DUPLICATE.at(-1) as number)) {
      n++;
      const top = TOP.indexOf(n as 2);
      const duplicate = DUPLICATE.indexOf(n as 5);
      const found =
        top >= 0
          ? over(
              `top${n}Grams`,
              Math.min(1, part(commonest(grams, n, sums), all)),
              limits.maxTopGrams[top],
              `of the characters are of one run of ${n} words`,
            )
          : duplicate >= 0
            ? over(
                `duplicate${n}Grams`,
                part(said(grams, n, sums), all),
                limits.maxDuplicateGrams[duplicate],
                `of the characters are of runs of ${n} words that stand earlier`,
              )
            : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function over(
  threshold: string,
  value: number,
  limit: number | undefined,
  what: string,
): Finding | undefined {
  if (limit === undefined || value <= limit) return undefined;
  return { threshold, detail: `${figure(value)}, more than ${limit}, ${what}` };
}

/** Pieces that an earlier one is the same as, and their characters. */
function repeats(pieces: readonly string[]): { count: number; characters: number } {
  const seen = new Set<string>();
  const found = { count: 0, characters: 0 };
  for (const piece of pieces) {
    if (seen.has(piece)) {
      found.count++;
      found.characters += charactersOf(piece);
    }
    seen.add(piece);
  }
  return found;
}

/** Characters of all words before each, and of all. */
function sumsOf({ count, characters }: Words): Int32Array {
  const sums = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) sums[i + 1] = (sums[i] as number) + (characters[i] as number);
  return sums;
}

/** Characters of the commonest run, all its occurrences together; they may overlap. */
function commonest({ ids, counts, length }: Grams, n: number, sums: Int32Array): number {
  let most = 2;
  let longest = 0;
  for (let i = 0; i < length; i++) {
    const id = ids[i] as number;
    const count = id === ONCE ? 1 : (counts[id] as number);
    if (count < most) continue;
    const characters = (sums[i + n] as number) - (sums[i] as number);
    longest = count > most ? characters : Math.max(longest, characters);
    most = count;
  }
  return most * longest;
}

/** Characters of runs that stood earlier, from left to right. */
function said({ ids, counts, length }: Grams, n: number, sums: Int32Array): number {
  const seen = new Uint8Array(counts.length);
  let characters = 0;
  for (let i = 0; i < length; ) {
    const id = ids[i] as number;
    if (id !== ONCE && seen[id] === 1) {
      characters += (sums[i + n] as number) - (sums[i] as number);
      i += n;
    } else {
      if (id !== ONCE) seen[id] = 1;
      i++;
    }
  }
  return characters;
}
