import type { RandomStream } from '../../../lake/random.ts';
import { type Entity, entitiesOf } from './entities.ts';
import type { Passage, Sentence } from './passage.ts';
import { bare, lower, shuffled, wordsOf } from './strings.ts';

/** Sentences that gaps are cut into and claims are made from, at most: the first of a shuffled order. */
const TRIED = 12;

/** The entities of a text, read once. */
export interface Inventory {
  bySentence: ReadonlyMap<number, readonly Entity[]>;
  /** What of the text could stand in an entity's place: other entities of its sort and form. */
  likes(entity: Entity, sentence: string): string[];
}

/** Reads the entities of every usable sentence. */
export function inventory(passage: Passage): Inventory {
  const bySentence = new Map<number, Entity[]>();
  const bySort = new Map<string, string[]>();
  const introduced = new Set(
    [...passage.text.matchAll(/\(([A-Z][A-Z0-9-]+)\)/g)].map(([, short]) => short ?? ''),
  );
  for (const sentence of passage.sentences) {
    if (!sentence.usable) continue;
    const found = entitiesOf(sentence.text);
    const free = found.filter((entity) => isFree(entity, sentence.text));
    bySentence.set(sentence.index, [...free, ...terms(sentence.text, passage.title)]);
    for (const entity of found) {
      const sort = sortOf(entity, sentence.text, introduced);
      const known = bySort.get(sort) ?? [];
      if (!known.includes(entity.text)) known.push(entity.text);
      bySort.set(sort, known);
    }
  }
  const likes = (entity: Entity, sentence: string): string[] =>
    entity.type === 'term' || sortOf(entity, sentence, introduced) === 'unknown'
      ? []
      : (bySort.get(sortOf(entity, sentence, introduced)) ?? []).filter(
          (other) =>
            !overlap(other, entity.text) && sameForm(other, entity.text) && !sentence.includes(other),
        );
  return { bySentence, likes };
}

/** What abbreviations are told apart by: the noun behind them, as in "the FMR1 gene". */
const NOUN =
  /^ (gene|protein|enzyme|receptor|virus|vaccine|scan|test|antibod|cell|level|channel|family|syndrome|complex|chromosome|region|market|rate|index|fund|bank|bond)/;

/**
 * The sort of an entity. Of abbreviations, those before the same noun are alike, and those that the text itself brings in
 * by brackets; of others nothing is known.
 */
function sortOf({ type, text, start }: Entity, sentence: string, introduced: ReadonlySet<string>): string {
  if (type !== 'abbreviation') return type;
  const noun = NOUN.exec(sentence.slice(start + text.length))?.[1];
  if (noun !== undefined) return `${type} ${noun}`;
  return introduced.has(text) ? type : 'unknown';
}

/** The title as a term, where it stands in the sentence once. It has no like in the text: it can be asked for, not exchanged. */
function terms(sentence: string, title: string | undefined): Entity[] {
  if (title === undefined || wordsOf(title).length > 6) return [];
  const [text, term] = [lower(sentence), lower(title)];
  const start = text.indexOf(term);
  const end = start + term.length;
  if (start < 0 || text.includes(term, end) || !isEdge(text[start - 1]) || !isEdge(text[end])) return [];
  return [{ type: 'term', text: sentence.slice(start, end), start }];
}

/** Whether a word can end or begin at this character. */
function isEdge(character: string | undefined): boolean {
  return character === undefined || ' ,.;:()'.includes(character);
}

/** Whether an entity says how many or which, rather than being part of a name ("type 2", "chromosome 7", "vitamin B12"). */
function isFree({ text, start, type }: Entity, sentence: string): boolean {
  if (sentence.indexOf(text) !== start || sentence.includes(text, start + text.length)) return false;
  if (/\d in $/.test(sentence.slice(0, start))) return false;
  if (type !== 'number') return true;
  if (/^ (?:and|to|or) \d/.test(sentence.slice(start + text.length))) return false;
  const before = bare(sentence.slice(0, start).trimEnd().split(' ').pop() ?? '');
  return !/^(?:type|types|chromosome|grade|stage|level|phase|class|group|vitamin|factor|figure|or|and|to|one|the|number|form|exon|q|covid)$/.test(
    before,
  );
}

/** Sentences that a statement can be made of, in an order drawn from the stream. */
export function statements(passage: Passage, stream: RandomStream): Sentence[] {
  return shuffled(
    passage.sentences.filter((sentence) => sentence.standsAlone && sentence.words.length <= 36),
    stream,
  ).slice(0, TRIED);
}

/** Whether one contains the other. */
export function overlap(a: string, b: string): boolean {
  return a.includes(b) || b.includes(a);
}

/** Whether one string could stand where the other does: both words, or both digits and about as many. */
export function sameForm(a: string, b: string): boolean {
  const [digitsA, digitsB] = [a, b].map((text) => text.replace(/[^0-9]/g, '').length);
  if (Math.abs((digitsA ?? 0) - (digitsB ?? 0)) > 1) return false;
  return /\d/.test(a) === /\d/.test(b) && /[a-z]/.test(a) === /[a-z]/.test(b);
}
