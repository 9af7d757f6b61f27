import { sha256Bytes } from '../../lake/hash.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import type { Pair } from '../../workflows/contract.ts';

/** Finds questions that a text was asked before: the first stays. Folded as texts are for dedupe. */
export function openQuestions(): { repeats(text: string, pair: Pair): boolean } {
  let current = '';
  let seen = new Set<string>();
  return {
    repeats(text, pair) {
      // Parts of a text follow each other in its slot.
      if (text !== current) {
        current = text;
        seen = new Set();
      }
      const question = normaliseForDedupe(pair.question);
      if (seen.has(question)) return true;
      seen.add(question);
      return false;
    },
  };
}

/** Finds pairs whose folded question and answer another text had before, by 64 bits of their hash. Holds these. */
export function openAnswered(): { elsewhere(text: string, pair: Pair): boolean } {
  const seen = new Map<bigint, string>();
  return {
    elsewhere(text, { question, answer }) {
      const bytes = sha256Bytes(JSON.stringify([normaliseForDedupe(question), normaliseForDedupe(answer)]));
      const key = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, text);
      return first !== undefined && first !== text;
    },
  };
}
