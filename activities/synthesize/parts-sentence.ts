/** Where raw text may be cut: at the ends of sentences, else of words. Scanned by hand, so that any text takes linear time. */

/** Words whose full stop ends no sentence. A single capital ("J. Smith") counts as one too. */
const ABBREVIATIONS = new Set(
  'Dr Mr Mrs Ms Prof St vs Fig Figs No Nos Vol approx cf ca e.g i.e eg ie al Jr Sr'.split(' '),
);
const LONGEST = 6;

const isSpace = (unit: number): boolean => unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
const isBreak = (unit: number): boolean => unit === 0x0a || unit === 0x0d;
const isStop = (unit: number): boolean => unit === 0x2e || unit === 0x21 || unit === 0x3f;
/** The ideographic full stop and the full-width ! and ?: no white space follows these. */
const isWideStop = (unit: number): boolean => unit === 0x3002 || unit === 0xff01 || unit === 0xff1f;
/** Closing quotes and brackets that belong to the sentence before them. */
const CLOSING = new Set(
  ['"', "'", ')', ']', '\u2019', '\u201d', '\u300d', '\u300f'].map((c) => c.charCodeAt(0)),
);

/**
 * The end of the sentence that begins at `start`, with the white space after it. A blank line ends
 * a sentence too, and so does a line break, unless a small letter follows: then the lines were only wrapped.
 */
export function sentenceEnd(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    const unit = text.charCodeAt(i);
    if (isBreak(unit)) {
      const next = skipSpace(text, i);
      if (!isSmall(text.charCodeAt(next)) || isBlankLine(text, i, next)) return next;
      i = next;
      continue;
    }
    if (!isStop(unit) && !isWideStop(unit)) {
      i++;
      continue;
    }
    const stop = i;
    while (i < text.length && (isStop(text.charCodeAt(i)) || isWideStop(text.charCodeAt(i)))) i++;
    const wide = isWideStop(text.charCodeAt(i - 1));
    while (CLOSING.has(text.charCodeAt(i))) i++;
    const end = skipSpace(text, i);
    if (wide || (end > i && endsHere(text, start, stop, end))) return end;
  }
  return text.length;
}

/** The end of the word that begins at `start`, with the white space after it, but not beyond `limit`. */
export function wordEnd(text: string, start: number, limit: number): number {
  let i = start;
  while (i < limit && !isSpace(text.charCodeAt(i))) i++;
  while (i < limit && isSpace(text.charCodeAt(i))) i++;
  return i;
}

function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && isSpace(text.charCodeAt(i))) i++;
  return i;
}

/** Whether a stop at `stop`, after which the next word begins at `next`, ends the sentence. */
function endsHere(text: string, start: number, stop: number, next: number): boolean {
  if (isSmall(text.charCodeAt(next))) return false;
  if (text.charCodeAt(stop) !== 0x2e) return true;
  let from = stop;
  while (from > start && stop - from <= LONGEST && isWordUnit(text.charCodeAt(from - 1))) from--;
  const word = text.slice(from, stop);
  const initial = word.length === 1 && word >= 'A' && word <= 'Z';
  return !initial && !ABBREVIATIONS.has(word);
}

function isBlankLine(text: string, from: number, to: number): boolean {
  return text.slice(from, to).split('\n').length > 2;
}

function isSmall(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a;
}

function isWordUnit(unit: number): boolean {
  return (unit >= 0x41 && unit <= 0x5a) || isSmall(unit) || unit === 0x2e;
}
