import type { Passage } from './passage.ts';
import { bare, lowerFirst, wordsOf } from './strings.ts';
import { CLAUSE, GENERIC, NOT_A_SUBJECT, PLURALS, PREPOSITIONS, PRONOUNS } from './words.ts';

export interface Subject {
  /** As it stands inside a question. */
  text: string;
  plural: boolean;
}

/** Sentence openings that can be left out without changing what is claimed. */
const LEAD =
  /^(?:However|Therefore|Thus|Hence|Accordingly|Consequently|Also|Additionally|Furthermore|Moreover|In addition|In general|Generally|Typically|Normally|In other words|In contrast|By contrast|On the other hand|Similarly|In fact|Today|Overall), /;

/** A sentence without an opening connective. */
export function withoutLead(sentence: string): string {
  return sentence.replace(LEAD, '');
}

/** Reads the words before a verb as a noun phrase that names something by itself; nothing when they are not one. */
export function readSubject(before: string, passage: Passage): Subject | undefined {
  const text = before.trim().replace(/,$/, '');
  if (text === '' || /[;:"?!/]|--/.test(text)) return undefined;
  const outer = text.replace(/ ?\([^()]*\)/g, '').trim();
  if (/[(),]/.test(outer)) return undefined;
  const words = wordsOf(outer).map(bare);
  const first = words[0];
  if (first === undefined || words.length > 12) return undefined;
  if (NOT_A_SUBJECT.has(first) || PRONOUNS.has(first) || CLAUSE.has(first) || first.length < 2)
    return undefined;
  if (words.some((word) => CLAUSE.has(word) || /^(?:not|there|or|between)$/.test(word))) return undefined;
  const cut = words.findIndex((word, i) => i > 0 && PREPOSITIONS.has(word));
  const core = cut < 0 ? words : words.slice(0, cut);
  const head = core[core.length - 1] ?? '';
  const last = words[words.length - 1] ?? '';
  if (
    PREPOSITIONS.has(last) ||
    last === 'and' ||
    /(?:ly|ing)$/.test(last) ||
    head === '' ||
    NOT_A_SUBJECT.has(head)
  ) {
    return undefined;
  }
  // "The first number" counts on from a sentence before.
  if (/^(?:first|second|third|last|next|latter|former)$/.test(words[1] ?? '')) return undefined;
  // "… of the condition" leaves open which.
  if (words[words.length - 2] === 'the' && GENERIC.has(last)) return undefined;
  if (cut < 0 && isVague(core)) return undefined;
  const plural = core.includes('and') || isPlural(head);
  // Long remarks in brackets would make the question unreadable.
  const short = text.replace(/ \([^()]*\)/g, (remark) => (wordsOf(remark.trim()).length > 3 ? '' : remark));
  return { text: lowerFirst(short, passage.smallWords), plural };
}

/** Whether a phrase without a complement leaves open what it names: "the condition", "affected people", "treatment". */
function isVague(core: readonly string[]): boolean {
  const head = core[core.length - 1] ?? '';
  if (!GENERIC.has(head)) return core.length === 1 && /(?:ed|ing|ly)$/.test(head);
  const rest = core.slice(0, -1).filter((word) => !/^(?:the|a|an)$/.test(word));
  return rest.every((word) => VAGUE.has(word) || GENERIC.has(word));
}

const VAGUE = new Set(
  `affected exact specific underlying main first second third other early late initial possible potential certain
  genetic severe mild new different additional associated clinical and overall total various same rare common standard
  young older normal abnormal human characteristic typical individual single whole average large small remaining most common moderate`
    .trim()
    .split(/\s+/),
);

function isPlural(head: string): boolean {
  return PLURALS.has(head) || (/s$/.test(head) && !/(?:ss|us|is|ics|itis|sis|as|es disease)$/.test(head));
}
