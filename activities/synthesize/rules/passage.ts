import { hasMarker } from '../protocol/markers.ts';
import { splitSentences } from './sentences.ts';
import { bare, fold, wordsOf } from './strings.ts';
import { LAYOUT, PRONOUNS } from './words.ts';

export interface Sentence {
  text: string;
  words: readonly string[];
  /** The same words without punctuation, in lower case. */
  plain: readonly string[];
  /** Place in the text: pairs about one sentence know each other by it. */
  index: number;
  /** Whether rules may quote it: whole, plain prose, of moderate length, not about its page. */
  usable: boolean;
  /** Whether it can be understood by itself. */
  standsAlone: boolean;
}

export interface Paragraph {
  /** The line above it, where that is a heading. */
  heading?: string;
  text: string;
  sentences: readonly Sentence[];
}

export interface Passage {
  /** The text with folded white space, its lines joined. */
  text: string;
  title?: string;
  /** What the text says that its list is one of: "signs and symptoms". */
  sort?: string;
  paragraphs: readonly Paragraph[];
  sentences: readonly Sentence[];
  /** Words that the text writes small somewhere: no names. */
  smallWords: ReadonlySet<string>;
}

/** Words that point to another sentence wherever they stand. */
const POINTERS = new Set(
  'this these those such former latter same he him his she her hers we our us i my here another'.split(' '),
);

/** Openings that continue a sentence before: an example of it, or people and cases that it told of. */
const POINTING =
  /^(?:For (?:example|instance)|The (?:condition|disease|disorder|syndrome|company|study|patient|test|procedure|drug|treatment|virus|gene|protein|exact|authors|cause) (?!of|in|with|for|that|called|known)|The (?:first|second|third|last|next|other|latter|former|rest|remaining)\b|(?:(?:Some|Many|Most|Few|Several|All|The|Other|Rarely,|In (?:some|most|many|other|these|rare)) )?(?:affected|cases?|others?)\b|(?:Some|Most|Many) (?:people|patients|individuals|children|cells) (?!with|who|in|of|from))/i;

/** Sentences read of one text at most: what a prompt can hold is far below. */
const SENTENCES = 400;

/** Reads a text into title, paragraphs and sentences. The first line is the title when it looks like a heading. */
export function readPassage(text: string, title?: string): Passage {
  const paragraphs: Paragraph[] = [];
  const sentences: Sentence[] = [];
  let heading: string | undefined;
  let named = title === undefined ? undefined : fold(title);
  const lines = unwrap(text);
  for (const [i, line] of lines.entries()) {
    if (i < lines.length - 1 && isHeading(line)) {
      const words = line.replace(/^#+ /, '');
      if (i === 0) named ??= words;
      else heading = words;
      continue;
    }
    if (sentences.length >= SENTENCES) break;
    const own = splitSentences(line).map((sentence, k) => readSentence(sentence, sentences.length + k));
    paragraphs.push({ text: line, sentences: own, ...(heading === undefined ? {} : { heading }) });
    sentences.push(...own);
    heading = undefined;
  }
  const smallWords = new Set<string>();
  for (const { words } of sentences) {
    for (const word of words) if (/^[a-z]/.test(word)) smallWords.add(word.replace(/[^a-z]+$/, ''));
  }
  const joined = lines.join(' ');
  const sort = / list of ([a-z]{4,}(?: (?:and|or) [a-z]{4,})?) (?:for|of|in) /.exec(joined)?.[1];
  return {
    text: joined,
    paragraphs,
    sentences,
    smallWords,
    ...(named === undefined || named === '' ? {} : { title: named }),
    ...(sort === undefined ? {} : { sort }),
  };
}

/** Lines with folded white space; a line that a break inside a sentence cut off is joined to the one before. */
function unwrap(text: string): string[] {
  const lines: string[] = [];
  let open = false;
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = fold(raw);
    const last = lines.length - 1;
    if (last >= 0 && isBullet(line)) lines[last] = `${lines[last]} ${line}`;
    else if (open && /^[a-z(]/.test(line)) lines[last] = `${lines[last]} ${line}`;
    else if (line !== '') lines.push(line);
    open = line.length >= 30 && /[A-Za-z0-9,]$/.test(line);
  }
  return lines;
}

/** A line that is a short entry of a list; it belongs to the line that leads to it. */
function isBullet(line: string): boolean {
  return /^- [A-Za-z0-9]/.test(line) && !/[.!?]$/.test(line) && wordsOf(line).length <= 9;
}

function isHeading(line: string): boolean {
  if (line.length > 90 || /[.!?;,:]$/.test(line) || !/^(?:#+ )?[A-Za-z0-9]/.test(line)) return false;
  return wordsOf(line).length <= 12 && !line.includes('. ');
}

function readSentence(text: string, index: number): Sentence {
  const words = wordsOf(text);
  const plain = words.map(bare);
  const usable = isUsable(text, words, plain);
  return { text, words, plain, index, usable, standsAlone: usable && standsAlone(words, plain) };
}

/** Whether a string is a whole sentence of plain prose that says something by itself. */
function isUsable(text: string, words: readonly string[], plainWords: readonly string[]): boolean {
  if (words.length < 6 || words.length > 48 || text.length > 360) return false;
  if (text.startsWith('See ') || !/^["'(]?[A-Z0-9]/.test(text) || !/[.!]["')]?$/.test(text)) return false;
  if (/ - | : |\/\/|[@|_[\]{}\\]|\.\.|:$/.test(text) || hasMarker(text) || text.includes('answer is'))
    return false;
  if (count(text, '(') !== count(text, ')') || count(text, '"') % 2 === 1) return false;
  if (plainWords.some((word) => LAYOUT.has(word)) || (text.match(/\d%/g)?.length ?? 0) > 3) return false;
  return !runsOn(words) && !isGlued(words) && !isFragment(text);
}

/** Whether items stand in it without anything between them, as flattened tables and lists do: "Fever Dry cough Chills". */
function runsOn(words: readonly string[]): boolean {
  let jumps = 0;
  for (let i = 1; i < words.length; i++) {
    const [before = '', word = ''] = [words[i - 1], words[i]];
    if (/^[A-Z][a-z]{2,}/.test(word) && /^[a-z]{4,}$/.test(before)) jumps++;
  }
  return jumps >= 3;
}

/** Whether a heading is glued to its front: a word that opens sentences stands inside it, with nothing before it that ends one. */
function isGlued(words: readonly string[]): boolean {
  for (let i = 1; i < Math.min(words.length, 10); i++) {
    if (OPENS.has(words[i] ?? '') && /[A-Za-z)]$/.test(words[i - 1] ?? '')) return true;
  }
  return false;
}

const OPENS = new Set(
  'The This These Those There It They If When For Patients People Most Some Many Doctors Children Adults Women Men You Your Certain Anything Although Treatment Studies Researchers'.split(
    ' ',
  ),
);

/** Whether it opens as a clause without a subject and no verb follows: "Washing your hands often, especially after meals." */
function isFragment(text: string): boolean {
  return /^[A-Z][a-z]+ing [a-z]/.test(text) && !VERB.test(text);
}

const VERB =
  / (?:is|are|was|were|can|may|might|will|could|should|must|has|have|had|does|did|helps?|makes?|causes?|reduces?|puts?|leads?|requires?|involves?|increases?|prevents?|means|raises?|lowers?|keeps?|takes?|includes?|affects?|allows?|damages?) /;

/** Whether nothing in it points to a sentence before: no demonstratives, and no pronoun before a noun it could mean. */
function standsAlone(words: readonly string[], plainWords: readonly string[]): boolean {
  if (POINTING.test(words.slice(0, 3).join(' '))) return false;
  for (const [i, plain] of plainWords.entries()) {
    if (!PRONOUNS.has(plain) || plain === 'you' || plain === 'your') continue;
    if (plain === 'such' && plainWords[i + 1] === 'as') continue;
    if (POINTERS.has(plain)) return false;
    if (i < 6 && /^(?:its?|they|them|theirs?)$/.test(plain)) return false;
    if (i > 0 && i < 4 && !/^(?:there|who|which|that|each|both|what)$/.test(plain)) return false;
    if (i === 0 && plain !== 'there' && plain !== 'one' && plain !== 'each') return false;
  }
  return true;
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}
