import { jsonOf, objectEnd } from '../../json-text.ts';
import { gather, type Parsed } from '../pair.ts';
import { pairOfItem } from './chat-schema.ts';

const THOUGHT = '<think>';
const THOUGHT_END = '</think>';
/** Where the list begins: after its name, else where an array of objects does. */
const LISTS = [/"pairs"\s*:\s*\[/, /\[\s*(?=\{)/];

/**
 * Reads a chat model's answer: the list of pairs in its JSON, whatever stands around it (a thought, a code fence, a
 * sentence). Items are read one by one, so that a broken one takes nothing with it and a list that was cut off gives what
 * is complete. Never throws; linear in the answer's length.
 */
export function parseChat(answer: string): Parsed {
  const parsed = gather();
  const text = answer.split(THOUGHT_END).at(-1) ?? '';
  const list = LISTS.map((begin) => begin.exec(text)).find((found) => found !== null);
  if (text.trimStart().startsWith(THOUGHT)) parsed.add('incomplete', text.trim());
  else if (list == null) parsed.add('unreadable', text.trim());
  else readItems(text, list.index + list[0].length, parsed);
  return { pairs: parsed.pairs, drops: parsed.drops };
}

function readItems(text: string, start: number, parsed: ReturnType<typeof gather>): void {
  for (let at = start; ; ) {
    while (at < text.length && /[\s,]/.test(text.charAt(at))) at++;
    if (text[at] === ']') {
      // A model that goes on after its list writes about no text of ours.
      const rest = text.slice(at + 1).trim();
      if (rest.includes('{')) parsed.add('afterEnd', rest);
      return;
    }
    const end = text[at] === '{' ? objectEnd(text, at) : at;
    if (end < 0 || at === text.length) {
      parsed.add('incomplete', text.slice(at).trim());
      return;
    }
    if (end === at) {
      parsed.add('unreadable', text.slice(at).trim());
      return;
    }
    const segment = text.slice(at, end);
    parsed.add(pairOfItem(jsonOf(segment)), segment);
    at = end;
  }
}
