import { francAll } from 'franc-min';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';

/** Characters that a guess looks at, and those without which it is none. */
const LOOKED_AT = 512;
const LEAST = 20;
const UNKNOWN = 'und';

/** Languages by how well a text reads as each, 0 to 1, the best (1) first. Folded first: the library's own folding finds nothing left. */
function guesses(text: string): [language: string, score: number][] {
  return francAll(normaliseForDedupe(text.slice(0, LOOKED_AT)), { minLength: LEAST });
}

/** The language (ISO 639-3) that a text most likely is in; null where too little of it is there. */
export function languageOf(text: string): string | null {
  const [best] = guesses(text);
  return best === undefined || best[0] === UNKNOWN ? null : best[0];
}

/**
 * How well a text reads as a language, beside the one it reads best as: 1 when that is it, 0 when it is in other letters.
 * Null for a text of under 20 characters, or where there is no language.
 */
export function languagePart(text: string, language: string | null): number | null {
  if (language === null) return null;
  const found = guesses(text);
  if (found[0]?.[0] === UNKNOWN) return null;
  return found.find(([name]) => name === language)?.[1] ?? 0;
}
