import type { RandomStream } from '../../../lake/random.ts';
import { type Entity, type EntityType, entitiesOf } from './entities.ts';
import type { Passage, Sentence } from './passage.ts';
import { bare, lower, shuffled, wordsOf } from './strings.ts';

/** Sentences that gaps are cut into and claims are made from, at most: the first of a shuffled order. */
const TRIED = 12;

/** Entities by sentence and by type, read once. */
export interface Inventory {
  bySentence: ReadonlyMap<number, readonly Entity[]>;
  byType: ReadonlyMap<EntityType, readonly string[]>;
}

/** Reads the entities of every usable sentence. */
export function inventory(passage: Passage): Inventory {
  const bySentence = new Map<number, Entity[]>();
  const byType = new Map<EntityType, string[]>();
  for (const sentence of passage.sentences) {
    if (!sentence.usable) continue;
    const found = entitiesOf(sentence.text);
    const free = found.filter((entity) => isFree(entity, sentence.text));
    bySentence.set(sentence.index, [...free, ...terms(sentence.text, passage.title)]);
    for (const { type, text } of found) {
      const known = byType.get(type) ?? [];
      if (!known.includes(text)) known.push(text);
      byType.set(type, known);
    }
  }
  return { bySentence, byType };
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
