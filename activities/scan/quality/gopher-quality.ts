import type { GopherQuality } from '../../../lake/spec/quality.ts';
import { lowerCase } from '../../../lake/unicode/normalise.ts';
import { type Finding, figure, part, type ReadText, type Rule } from './rule.ts';
import { withoutSigns } from './words.ts';

/** What a line of a list begins with: a sign that is a bullet anywhere, or one that is one before white space. */
const BULLET = /^(?:[•‣⁃◦∙▪▫●○■□►▶]|[-*+–—·](?=[ \t\u00a0\u3000]))/u;
const ENDS_IN_ELLIPSIS = /(?:\.\.\.|…)$/u;

/**
 * The quality rules of Gopher (Rae et al. 2021, appendix A.1.1), which say that a text is prose. `symbols` are looked at
 * one kind at a time, number signs and ellipses. The mean length is of words between spaces, and not looked at
 * where fewer than half of the words are such. Stop words are compared in lower case, without the signs around them.
 */
export function gopherQuality(limits: GopherQuality): Rule {
  const stopWords = new Set(limits.stopWords.map(lowerCase));
  const longest = Math.max(0, ...[...stopWords].map(({ length }) => length));

  return ({ text, words, lines: { lines } }) => {
    const { count, spaced, spacedCharacters, hashes, ellipses, alphabetic } = words;
    if (count < limits.minWords) return finding('words', `${count} words, fewer than ${limits.minWords}`);
    if (count > limits.maxWords) return finding('words', `${count} words, more than ${limits.maxWords}`);
    if (2 * spaced >= count) {
      const mean = part(spacedCharacters, spaced);
      const { minMeanWordLength: least, maxMeanWordLength: most } = limits;
      const found = `words of ${figure(mean)} characters on average`;
      if (mean < least) return finding('meanWordLength', `${found}, fewer than ${least}`);
      if (mean > most) return finding('meanWordLength', `${found}, more than ${most}`);
    }
    const symbols = part(Math.max(hashes, ellipses), count);
    if (symbols > limits.maxSymbols)
      return finding(
        'symbols',
        `${above(symbols, limits.maxSymbols)} ${hashes >= ellipses ? 'number signs' : 'ellipses'} for each word`,
      );
    const bullets = part(lines.filter((line) => BULLET.test(line)).length, lines.length);
    if (bullets > limits.maxBulletLines)
      return finding(
        'bulletLines',
        `${above(bullets, limits.maxBulletLines)} of the lines begin with a bullet`,
      );
    const endings = part(lines.filter((line) => ENDS_IN_ELLIPSIS.test(line)).length, lines.length);
    if (endings > limits.maxEllipsisLines)
      return finding(
        'ellipsisLines',
        `${above(endings, limits.maxEllipsisLines)} of the lines end with an ellipsis`,
      );
    const letters = part(alphabetic, count);
    if (letters < limits.minAlphabeticWords)
      return finding(
        'alphabeticWords',
        `${figure(letters)}, less than ${limits.minAlphabeticWords}, of the words have a letter`,
      );
    const stops = stopWordsIn({ text, words }, stopWords, longest, limits.minStopWords);
    if (stops < limits.minStopWords)
      return finding('stopWords', `${stops} of the stop words, fewer than ${limits.minStopWords}`);
    return undefined;
  };
}

const finding = (threshold: string, detail: string): Finding => ({ threshold, detail });
const above = (value: number, limit: number): string => `${figure(value)}, more than ${limit},`;

/** Different stop words that a text has, counted up to `enough`. */
function stopWordsIn(
  { text, words }: Pick<ReadText, 'text' | 'words'>,
  stopWords: ReadonlySet<string>,
  longest: number,
  enough: number,
): number {
  const found = new Set<string>();
  for (let i = 0; i < words.count && found.size < enough; i++) {
    const word = withoutSigns(text, words.starts[i] as number, words.ends[i] as number);
    if (word.length > longest) continue;
    const lower = lowerCase(word);
    if (stopWords.has(lower)) found.add(lower);
  }
  return found.size;
}
