/** Words and beginnings of words that say the opposite of each other. */
const WORDS = read(`
  dominant recessive|increased decreased|high low|upper lower|long short|large small|thick thin|tall short|broad narrow
  |early late|hyperactive hypoactive|elevated reduced|wide narrow|abundant sparse|prominent recessed|deep shallow`);
const BEGINNINGS = read(
  `hyper hypo|macro micro|brachyceph dolichoceph|tachycard bradycard|polydact oligodact|polyhydr oligohydr`,
);
/** Words whose beginning has no opposite. */
const FIXED =
  /^(?:hypospad|hypothal|hypophys|hypochond|hypogloss|hypoten[au]|hypox|microgyr|microscop|micron|macul|macroph)/;

function read(pairs: string): ReadonlyMap<string, string> {
  return new Map(
    pairs
      .trim()
      .split(/\s*\|\s*/)
      .map((pair) => pair.split(' '))
      .flatMap(([a = '', b = '']): [string, string][] => [
        [a, b],
        [b, a],
      ]),
  );
}

/** An entry of a list with one word turned into its opposite ("Low-set ears", "Hypertonia"); nothing where none can be. */
export function turned(item: string): string | undefined {
  for (const match of item.matchAll(/[A-Za-z]+/g)) {
    const [word] = match;
    const small = word.replace(/^[A-Z]/, (letter) => letter.toLowerCase());
    const other = WORDS.get(small) ?? beginning(small);
    if (other === undefined) continue;
    const written = small === word ? other : other.charAt(0).toUpperCase() + other.slice(1);
    return item.slice(0, match.index) + written + item.slice(match.index + word.length);
  }
  return undefined;
}

function beginning(word: string): string | undefined {
  if (FIXED.test(word)) return undefined;
  for (const [from, to] of BEGINNINGS) {
    if (word.startsWith(from) && word.length > from.length) return to + word.slice(from.length);
  }
  return undefined;
}
