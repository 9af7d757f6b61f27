/** Things in a sentence that others of their sort could stand in for. */
export type EntityType = 'money' | 'percentage' | 'year' | 'number' | 'abbreviation' | 'name' | 'term';

export interface Entity {
  type: EntityType;
  text: string;
  start: number;
}

const MONEY = '[$\\u20ac\\u00a3]\\d[\\d,]*(?:\\.\\d+)?(?: (?:thousand|million|billion|trillion))?';
const PERCENT = '\\d[\\d,]*(?:\\.\\d+)?(?:(?: to |-)\\d+(?:\\.\\d+)?)?(?: percent\\b| per cent\\b| ?%)';
const YEAR = '\\b(?:1[6-9]|20)\\d\\d\\b(?![,.]?\\d)';
const NUMBER =
  '\\b(?:\\d[\\d,]*(?:\\.\\d+)?(?: (?:thousand|million|billion|trillion))?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty)\\b(?![-\\d/,.]\\d|-[A-Za-z]|\\))';
const ABBREVIATION = '\\b(?![IVX]+\\b)[A-Z]{2,}[A-Z0-9]*(?:-[A-Z0-9]+)*\\b(?![/-])';
const NAME = '\\b[A-Z][a-z]+(?: (?:of |the |of the |and )?[A-Z][a-z]+)+\\b';
const ENTITY = new RegExp(
  [MONEY, PERCENT, YEAR, NUMBER, ABBREVIATION, NAME].map((source) => `(${source})`).join('|'),
  'g',
);
/** Capitalised words that stand before a name without being part of it. */
const DATE_WORD =
  /^(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day) /;
const TYPES: readonly EntityType[] = ['money', 'percentage', 'year', 'number', 'abbreviation', 'name'];

/** The entities of a sentence, in order. Names are several capitalised words, not at its start. */
export function entitiesOf(sentence: string): Entity[] {
  const found: Entity[] = [];
  for (const match of sentence.matchAll(ENTITY)) {
    const type = TYPES[match.slice(1).findIndex((group) => group !== undefined)];
    const before = sentence.slice(Math.max(0, match.index - 1), match.index);
    if (
      type === undefined ||
      (type === 'name' && (match.index === 0 || DATE_WORD.test(match[0]))) ||
      /[-/.,\d(]/.test(before)
    )
      continue;
    found.push({ type, text: match[0], start: match.index });
  }
  return found;
}
