import type { Candidate } from './candidate.ts';
import type { Passage } from './passage.ts';
import { bare, fold, lower, wordsOf } from './strings.ts';

/** The text's title, asked for where its first sentence names it too. */
export function topic(passage: Passage, question: string, text: string): Candidate[] {
  const { title } = passage;
  const first = passage.sentences[0];
  if (title === undefined || first === undefined || wordsOf(title).length > 12) return [];
  if (!fold(text).includes(title) || !lower(first.text).includes(lower(title))) return [];
  return [
    {
      family: 'topic',
      question,
      answer: title,
      ...(first.usable ? { evidence: first.text } : {}),
      sentence: -1,
      distractors: [],
    },
  ];
}

/** Words that titles share, whatever they are about. */
const COMMON = new Set(
  'syndrome disease disorder deficiency type with and the familial congenital hereditary childhood adult treatment prevention screening'.split(
    ' ',
  ),
);

/** Tells whether a candidate speaks of what the text is about: a word of the title, or an abbreviation brought in early. */
export function topicOf(passage: Passage): (candidate: Candidate) => boolean {
  const { title, text } = passage;
  if (title === undefined) return () => true;
  const words = wordsOf(title)
    .map(bare)
    .filter((word) => word.length > 3 && !COMMON.has(word));
  const short = [...text.slice(0, 600).matchAll(/\(([A-Z][A-Z0-9-]{1,8})\)/g)].map(([, one = '']) => one);
  if (words.length === 0) return () => true;
  return ({ question, answer }) => {
    const said = `${question} ${answer}`;
    const plain = lower(said);
    return words.some((word) => plain.includes(word)) || short.some((one) => said.includes(one));
  };
}
