import { francAll } from 'franc-min';
import type { LanguageRule } from '../../../lake/spec/quality.ts';
import { normaliseForDedupe } from '../../../lake/unicode/normalise.ts';
import { figure, type Rule } from './rule.ts';

/** A text is looked at in so many places, evenly spread over it, at so many UTF-16 units each. */
const PLACES = 4;
const UNITS = 128;
/** Characters without which nothing is said of a language: too many guesses would be wrong. */
const LEAST = 100;
const UNKNOWN = 'und';

/**
 * The text must read as one of the languages allowed, by trigrams, in four places of it: so well, by `minScore`, as beside
 * the language of its script that it reads best as, which has 1, and the one that it reads worst as, which has 0. A
 * text of under 100 characters passes; a longer one that reads as no language (digits, a script that is not known) does not.
 */
export function language({ allow, minScore }: LanguageRule): Rule {
  return ({ text }) => {
    const sample = sampleOf(text);
    if (sample.length < LEAST) return undefined;
    // Folded already: the library's own folding, which is the runtime's, finds nothing left.
    const guesses = francAll(sample, { minLength: LEAST });
    const [best = UNKNOWN] = guesses[0] ?? [];
    if (best === UNKNOWN) return { threshold: '', detail: 'reads as no language that is known' };
    // The library's scores draw together where a text repeats itself; their places between best and worst do not.
    const [, worst = 1] = guesses.at(-1) ?? [];
    let score = 0;
    for (const [name, value] of guesses)
      if (allow.includes(name)) score = Math.max(score, worst === 1 ? 1 : (value - worst) / (1 - worst));
    if (score >= minScore) return undefined;
    return {
      threshold: '',
      detail: `reads as ${best}; the best of what is allowed has ${figure(score)}, less than ${minScore}`,
    };
  };
}

function sampleOf(text: string): string {
  if (text.length <= PLACES * UNITS) return normaliseForDedupe(text);
  const step = (text.length - UNITS) / (PLACES - 1);
  const pieces = Array.from({ length: PLACES }, (_, i) => {
    const at = Math.floor(i * step);
    return normaliseForDedupe(text.slice(at, at + UNITS));
  });
  return pieces.join(' ');
}
