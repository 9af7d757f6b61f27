import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import type { Passage } from './passage.ts';
import { lowerFirst, wordsOf } from './strings.ts';
import { say } from './wording.ts';

/** An entry of a glossary behind a dash: a term of a few words, a colon, and what it is, beginning with an article. */
const ENTRY = /(?:^| )- ([A-Z][^.:;!?]{2,60}?) ?: (An? [^.:;!?]{20,300})\.(?= |$)/g;

/** Glossaries within a text ("- CT scan : A procedure that makes a series of pictures."): each term asked for what it is. */
export function glossary(passage: Passage, stream: RandomStream): Candidate[] {
  const entries = passage.paragraphs.flatMap(({ text }) =>
    text.includes(': A')
      ? [...text.matchAll(ENTRY)].map(([, term = '', meaning = '']) => ({ term, meaning }))
      : [],
  );
  const known = entries.filter(
    ({ term, meaning }) => wordsOf(term).length <= 8 && /^An? [a-z]/.test(meaning),
  );
  return known.map(({ term, meaning }) => ({
    family: 'glossary' as const,
    question: say(stream, 'glossary', { term: lowerFirst(term, passage.smallWords) }),
    answer: meaning,
    sentence: -1,
    distractors: known.filter((other) => other.term !== term).map((other) => other.meaning),
  }));
}
