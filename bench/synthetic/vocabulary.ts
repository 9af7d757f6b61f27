/** Words by their rank, from 0, each with a blank behind it, one after the other. */
export interface Vocabulary {
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Where word `rank` begins; it ends where the next one begins. */
  readonly starts: Uint32Array;
}

const CONSONANTS = 'bdfghjklmnprst';
const VOWELS = 'aeiou';
const SYLLABLES = Array.from(
  { length: CONSONANTS.length * VOWELS.length },
  (_, i) => `${CONSONANTS[Math.floor(i / VOWELS.length)]}${VOWELS[i % VOWELS.length]}`,
);

/** `size` words, all different: the rank in syllables, as a number in digits, so that frequent words are short. */
export function openVocabulary(size: number): Vocabulary {
  const words: string[] = [];
  for (let rank = 0; rank < size; rank++) words.push(wordOf(rank));
  const starts = new Uint32Array(size + 1);
  for (let rank = 0; rank < size; rank++) {
    starts[rank + 1] = (starts[rank] as number) + (words[rank] as string).length + 1;
  }
  return { size, bytes: Buffer.from(`${words.join(' ')} `, 'latin1'), starts };
}

/** Bijective numeration: every number has exactly one word, and no two have the same. */
function wordOf(rank: number): string {
  let word = '';
  for (let left = rank + 1; left > 0; left = Math.floor((left - 1) / SYLLABLES.length)) {
    word = `${SYLLABLES[(left - 1) % SYLLABLES.length]}${word}`;
  }
  return word;
}
