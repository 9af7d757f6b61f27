import type { Passage } from './passage.ts';
import { bare, wordsOf } from './strings.ts';

export interface List {
  /** How questions name the list. */
  name: string;
  /** The words of the text that lead to it; a list without goes by the title. */
  lead?: string;
  items: readonly string[];
  /** Whether it is certain where the list ends. */
  complete: boolean;
}

/** Lists whose entries stand behind dashes, all in one line: "Symptoms include - Fever - Dry cough - …". */
export function readLists(passage: Passage): List[] {
  const found = passage.paragraphs.flatMap(({ text }) => (text.includes(' - ') ? inLine(text, passage) : []));
  // Lists that only the title could name are told apart by nothing when there are several, nor are those with one lead.
  return found.filter((list) => found.filter(({ name }) => name === list.name).length === 1);
}

/** Words of an entry at most. */
const ITEM_WORDS = 14;

function inLine(text: string, passage: Passage): List[] {
  const segments = text.split(/ - (?=\S)| -$/).map((segment) => segment.trim());
  const found: List[] = [];
  for (let i = 0; i < segments.length - 1; i++) {
    const before = segments[i] ?? '';
    const lead = leadOf(before);
    const first = lead === undefined ? behindHeader(before) : undefined;
    const name = lead === undefined ? first && titled(passage) : `the list that opens with "${lead}"`;
    if (name === undefined) continue;
    const { items, complete, next } = readItems(segments, i + 1);
    const all = first === undefined ? items : [first, ...items];
    // Behind rows with values a list is only the rest of it.
    const isRest = first !== undefined && /%|\d\/\d/.test(before);
    if (all.length >= 2 && new Set(all).size === all.length)
      found.push({
        name,
        items: all,
        complete: complete && !isRest,
        ...(lead === undefined ? {} : { lead }),
      });
    i = next - 1;
  }
  return found;
}

/** The entries from a segment on, up to the one with which the list ends; its last entry is glued to the prose behind it. */
function readItems(
  segments: readonly string[],
  from: number,
): { items: string[]; complete: boolean; next: number } {
  const items: string[] = [];
  // "- Chest pain. - Cough." writes its entries as sentences; the end of the last one's then ends the list.
  const stopped = /[^.]\.$/.test(segments[from] ?? '');
  for (let i = from; i < segments.length; i++) {
    const segment = segments[i] ?? '';
    const item = stopped ? segment.replace(/\.$/, '') : segment;
    const last = i === segments.length - 1;
    if (isItem(item) && (stopped || !last || !runsOn(item))) {
      items.push(item);
      continue;
    }
    if (segment === '' && last) return { items, complete: true, next: i };
    const tail = stopped ? /^([^.]+)\. (?=[A-Z])/.exec(segment)?.[1] : unglued(segment);
    const closed = tail !== undefined && isItem(tail);
    if (closed) items.push(tail);
    return { items, complete: closed || isProse(segment), next: closed || last ? i : i + 1 };
  }
  return { items, complete: true, next: segments.length };
}

/** Whether a segment is a sentence of its own, so that the list ended before it: "The share is a rough figure." */
function isProse(segment: string): boolean {
  return /^(?:The|This|These|If|In|For|It|You|A|An) [^.?!]{20,}[.?!]/.test(segment);
}

/** What stands before the one word in a glued segment with which a sentence can begin: "Hearing problems Preemies need …". */
function unglued(segment: string): string | undefined {
  const words = wordsOf(segment);
  const starts = words.flatMap((word, i) => (i > 0 && i <= ITEM_WORDS && /^[A-Z]/.test(word) ? [i] : []));
  const [start] = starts;
  if (start === undefined || starts.length > 1 || !/^[A-Z][a-z]*$/.test(words[start] ?? '')) return undefined;
  return /[a-z)]$/.test(words[start - 1] ?? '') && /[.?!]/.test(segment)
    ? words.slice(0, start).join(' ')
    : undefined;
}

/** Whether a capital inside an entry may begin the prose behind the list. */
function runsOn(item: string): boolean {
  return / [A-Z][a-z]/.test(item);
}

function isItem(segment: string): boolean {
  return (
    wordsOf(segment).length <= ITEM_WORDS &&
    segment.length > 2 &&
    /^[A-Z0-9][^.?!:;%"]*$/.test(segment) &&
    segment.split('(').length === segment.split(')').length &&
    !/ (?:Most|The|If|In|You|There|These|This|Your) /.test(segment)
  );
}

/** What follows the header of a flattened table or list, where the header ends in a bracket: "Patients (when known) Fever". */
export function behindHeader(before: string): string | undefined {
  const first =
    /[a-z]\) ([A-Z][^()%]*)$/.exec(before)?.[1]?.trim() ??
    / (?:\d[\d.]*%|\d+\/\d+) ([A-Z][^()%]*)$/.exec(before)?.[1];
  return first !== undefined && isItem(first) ? first : undefined;
}

/** How a list without words that lead to it is named: by the title, and by what the text calls it. */
export function titled({ title, sort }: Passage): string | undefined {
  if (title === undefined) return undefined;
  return sort === undefined ? `the list for ${title}` : `the list of ${sort} for ${title}`;
}

/** The words that lead to a list, where they are the beginning of a sentence that stands alone. */
function leadOf(before: string): string | undefined {
  const words = before.replace(/^.*[.!?)] (?=[A-Z])/, '').replace(/ ?:$/, '');
  const plain = wordsOf(words).map(bare);
  if (plain.length < 2 || plain.length > 16 || !/^[A-Z][^%?"]*$/.test(words)) return undefined;
  if (plain.some((word) => POINTERS.has(word))) return undefined;
  return LEADS.test(words) ? words : undefined;
}

const POINTERS = new Set(
  'this these those it its they their them he she his her we our such here one ones other key'.split(' '),
);
const LEADS =
  / (?:include|includes|including|are|is|from|of|as|by|have|if|following|cause|causes|for|to|with|when|in|between)(?: the following)?$/;
