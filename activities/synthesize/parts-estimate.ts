import { sentenceEnd } from './parts-sentence.ts';

/**
 * An upper estimate of how many tokens a text has, for a tokenizer that is not at hand. Costs are in hundredths of a
 * token and were set on byte-level and SentencePiece-style vocabularies made mostly from English:
 *
 * - outside ASCII, a token a byte: what both fall back to;
 * - a digit, a mark, white space: one each, but for a space before a letter, which belongs to its word;
 * - words by their letters. In a sentence with the small words of English, content words cost little; elsewhere (other
 *   languages, lists of drug names, code) the same letters make twice as many tokens.
 */
const TOKEN = 100;
const ENGLISH = { word: 100, from: 3, letter: 27 };
const OTHER = { word: 110, from: 2, letter: 57 };
/** Words beyond ten letters are rarely in a vocabulary whole: each further letter costs this too. */
const LONG = { from: 10, letter: 25 };
/** A capital inside a word begins a new token; words of capitals are cut small. */
const INNER_CAPITAL = 100;
const CAPITAL = 35;
/** A letter beyond two consonants to a vowel, or two vowels to a consonant: no known piece of a word. */
const EXCESS = 50;

/** Words of English sentences that other languages do not have; one token each. */
const SMALL_WORDS = new Set(
  (
    'the of and to with that this these those are from have has had been which their your you when other what can ' +
    'may will who by is he she they his her its for not or should would could does how than into about more most ' +
    'also if but'
  ).split(' '),
);
const LONGEST_SMALL = 6;
/** One word in this many has to be a small one, of at least so many. */
const SMALL_EVERY = 7;
const ENGLISH_WORDS = 4;

/** Tokens of a text, rarely fewer than there are; about 1.5 times as many in English. At most its UTF-8 bytes and one. */
export function estimateTokens(text: string): number {
  let cost = 0;
  for (let start = 0; start < text.length; ) {
    const end = sentenceEnd(text, start);
    cost += sentenceCost(text, start, end);
    start = end;
  }
  return tokensOf(cost);
}

/** Whole tokens of a cost, and one for the mark that some tokenizers put before a text. */
export function tokensOf(cost: number): number {
  return Math.ceil(cost / TOKEN) + 1;
}

/**
 * The cost of text[start, end), taken as one sentence or less, in hundredths of a token. Cutting it into several never
 * costs less than the whole as long as none of the pieces is `whole`: a few words of a sentence may read as English when it does not.
 */
export function sentenceCost(text: string, start: number, end: number, whole = true): number {
  let fixed = 0;
  let english = 0;
  let other = 0;
  let words = 0;
  let small = 0;
  for (let i = start; i < end; ) {
    const unit = text.charCodeAt(i);
    if (!isLetter(unit)) {
      if (unit < 0x80) {
        if (unit !== 0x20 || i + 1 === end || !isLetter(text.charCodeAt(i + 1))) fixed += TOKEN;
        i++;
      } else {
        const code = text.codePointAt(i) as number;
        fixed += TOKEN * (code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
        i += code < 0x10000 ? 1 : 2;
      }
      continue;
    }
    const word = readWord(text, i, end);
    words++;
    if (word.length <= LONGEST_SMALL && SMALL_WORDS.has(text.slice(i, i + word.length))) {
      small++;
      fixed += TOKEN;
    } else {
      // Never more than a token a byte; the space before it, when there is one, is the word's.
      const spaced = i > start && text.charCodeAt(i - 1) === 0x20;
      const most = (word.length + (spaced ? 1 : 0)) * TOKEN;
      english += Math.min(most, wordCost(word, ENGLISH));
      other += Math.min(most, wordCost(word, OTHER));
    }
    i += word.length;
  }
  const isEnglish = whole && words >= ENGLISH_WORDS && small * SMALL_EVERY >= words;
  return fixed + (isEnglish ? english : other);
}

interface Word {
  length: number;
  vowels: number;
  capitals: number;
  /** Capitals after a small letter. */
  inner: number;
}

function readWord(text: string, start: number, end: number): Word {
  const word = { length: 0, vowels: 0, capitals: 0, inner: 0 };
  let smallBefore = false;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (!isLetter(unit)) break;
    const capital = unit < 0x61;
    if (capital) word.capitals++;
    if (capital && smallBefore) word.inner++;
    smallBefore = !capital;
    if (isVowel(unit)) word.vowels++;
    word.length++;
  }
  return word;
}

function wordCost(word: Word, { word: base, from, letter }: typeof ENGLISH): number {
  const consonants = word.length - word.vowels;
  const excess = Math.max(0, consonants - 2 * word.vowels - 1, word.vowels - 2 * consonants - 1);
  return (
    base +
    Math.max(0, word.length - from) * letter +
    Math.max(0, word.length - LONG.from) * LONG.letter +
    excess * EXCESS +
    word.inner * INNER_CAPITAL +
    (word.capitals > 1 ? word.capitals * CAPITAL : 0)
  );
}

function isLetter(unit: number): boolean {
  const small = unit | 0x20;
  return unit < 0x80 && small >= 0x61 && small <= 0x7a;
}

const VOWELS = new Set(['a', 'e', 'i', 'o', 'u', 'y'].map((vowel) => vowel.charCodeAt(0)));
const isVowel = (unit: number): boolean => VOWELS.has(unit | 0x20);
