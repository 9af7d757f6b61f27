import { lower, wordsOf } from './strings.ts';

/** Words of a heading at most that is looked for again behind itself. */
const ECHO_WORDS = 8;

/** Words whose full stop never ends a sentence. */
const NEVER = new Set(
  'dr mr mrs ms prof st vs e.g i.e eg ie fig no vol approx cf dept gen rev hon mt ft pp viz resp ca'.split(
    ' ',
  ),
);
/** Words whose full stop may end a sentence; it does when a usual opening word follows. */
const SOMETIMES = new Set(
  'inc ltd co corp etc al u.s u.k u.n e.u ph.d m.d a.m p.m jr sr est jan feb aug sept oct nov dec'.split(' '),
);
const OPENINGS = new Set(
  'others other people patients there you your some the a an in on at it they this these those he she we for from when if although while however therefore thus most many some'.split(
    ' ',
  ),
);

/** Cuts a paragraph with folded white space into sentences. Bullets (`- `) and opening marks of lists are left out. */
export function splitSentences(paragraph: string): string[] {
  const sentences: string[] = [];
  const ends = /[.!?]+["')\]\u2019\u201d]*(?= |$)/g;
  let start = 0;
  for (const match of paragraph.matchAll(ends)) {
    const end = match.index + match[0].length;
    if (end < paragraph.length && !endsHere(paragraph, match.index, end)) continue;
    push(sentences, paragraph.slice(start, end));
    start = end + 1;
  }
  push(sentences, paragraph.slice(start));
  return sentences;
}

function push(sentences: string[], text: string): void {
  const sentence = withoutEcho(text.trim().replace(/^(?:[-*\u2022] )+|^[A-Z][a-z]+ : (?=[A-Z])/, ''));
  if (sentence !== '') sentences.push(sentence);
}

/** A heading that was glued to its section is left out where the section opens with the same words: "Surgery Surgery is …". */
function withoutEcho(sentence: string): string {
  const words = wordsOf(sentence.slice(0, 160)).slice(0, 2 * ECHO_WORDS);
  const first = lower(words[0] ?? '');
  if (!words.some((word, i) => i > 0 && /^[A-Z]/.test(word) && lower(word) === first)) return sentence;
  for (let n = 1; 2 * n < words.length; n++) {
    const [head, again] = [words.slice(0, n).join(' '), words.slice(n, 2 * n).join(' ')];
    if (/^[A-Z]/.test(again) && lower(head) === lower(again)) return sentence.slice(head.length + 1);
  }
  return sentence;
}

function endsHere(paragraph: string, stop: number, end: number): boolean {
  const next = paragraph.slice(end + 1, end + 24);
  if (/^[a-z,;)]/.test(next)) return false;
  if (paragraph[stop] !== '.') return true;
  const before = paragraph.slice(Math.max(0, stop - 20), stop);
  const word = /[A-Za-z][A-Za-z.]*$/.exec(before)?.[0];
  if (word === undefined) return true;
  const known = lower(word);
  if (NEVER.has(known)) return false;
  // A single capital is an initial ("J. Smith") unless an opening word follows ("vitamin A. The").
  if (SOMETIMES.has(known) || /^[A-Z]$/.test(word))
    return OPENINGS.has(lower(/^[A-Za-z]+/.exec(next)?.[0] ?? ''));
  return true;
}
