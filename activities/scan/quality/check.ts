import type { Quality } from '../../../lake/spec/quality.ts';
import type { Check } from '../check.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { language } from './language.ts';
import { type Rule, readText } from './rule.ts';

/**
 * The rules that a spec asks for, as checks. The language comes first: the other rules, as they stand, are meant for
 * English, and would find less to the point what is wrong with a text in another one.
 */
export function qualityChecks(quality: Quality | undefined): Check[] {
  const rules: [name: string, rule: Rule][] = [];
  if (quality?.language !== undefined) rules.push(['language', language(quality.language)]);
  if (quality?.gopherQuality !== undefined)
    rules.push(['gopherQuality', gopherQuality(quality.gopherQuality)]);
  if (quality?.gopherRepetition !== undefined)
    rules.push(['gopherRepetition', gopherRepetition(quality.gopherRepetition)]);
  if (rules.length === 0) return [];
  return [
    (text) => {
      const read = readText(text);
      for (const [name, rule] of rules) {
        const found = rule(read);
        if (found === undefined) continue;
        const { threshold, detail } = found;
        return { reason: `quality:${threshold === '' ? name : `${name}.${threshold}`}`, detail };
      }
      return undefined;
    },
  ];
}
