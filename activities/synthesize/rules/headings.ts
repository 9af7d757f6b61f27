import type { Candidate } from './candidate.ts';
import type { Paragraph, Passage } from './passage.ts';
import { bare, wordsOf } from './strings.ts';
import { PRONOUNS } from './words.ts';

/** Words of an answer at most; a second sentence is added while it stays below. */
const ANSWER_WORDS = 70;

/** Sections that open with a question, answered by what they say first. */
export function headings(passage: Passage): Candidate[] {
  const found = passage.paragraphs.flatMap((paragraph) => {
    const [question, answered] = splitQuestion(paragraph);
    if (question === undefined || !isNaming(question)) return [];
    const [first, second] = answered;
    if (first === undefined || !first.usable) return [];
    const both = second?.usable && first.words.length + second.words.length <= ANSWER_WORDS;
    const answer = both ? `${first.text} ${second.text}` : first.text;
    return [{ family: 'heading' as const, question, answer, sentence: first.index, distractors: [] }];
  });
  return found.map((one) => ({ ...one, distractors: found.filter((o) => o !== one).map((o) => o.answer) }));
}

/** The question that opens a section, as its heading or as its first sentence, and the sentences behind it. */
function splitQuestion({ heading, sentences }: Paragraph): [string | undefined, Paragraph['sentences']] {
  if (heading?.endsWith('?')) return [heading, sentences];
  const first = sentences[0]?.text;
  return first?.endsWith('?') ? [first, sentences.slice(1)] : [undefined, sentences];
}

/** Whether a question names what it is about, rather than pointing at it. */
function isNaming(question: string): boolean {
  const words = wordsOf(question).map(bare);
  if (words.length < 3 || words.length > 30 || !/^[A-Z]/.test(question) || /[:/]/.test(question))
    return false;
  return words.slice(1).every((word) => word === 'there' || word === 'which' || !PRONOUNS.has(word));
}
