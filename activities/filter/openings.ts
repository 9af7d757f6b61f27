/** Words of an opening, and characters of one at most: a text without spaces shall not become a key. */
const WORDS = 2;
const CHARACTERS = 32;

/** How a question begins: its first two words, by which forms that a generator overuses show. */
export function openingOf(words: readonly string[]): string {
  return words
    .slice(0, WORDS)
    .map((word) =>
      word.length > CHARACTERS ? `${Array.from(word.slice(0, CHARACTERS)).slice(0, -1).join('')}…` : word,
    )
    .join(' ');
}
