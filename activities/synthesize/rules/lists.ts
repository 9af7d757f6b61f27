import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import { turned } from './opposites.ts';
import type { Passage } from './passage.ts';
import { type List, readLists } from './read-lists.ts';
import { bare, lower, shuffled, wordsOf } from './strings.ts';
import { say } from './wording.ts';
import { CLAUSE, PREPOSITIONS } from './words.ts';

/** Entries and characters of a list that is asked for whole, at most. */
const WHOLE = 9;
const WHOLE_LENGTH = 320;

/** Lists, asked for whole or for an entry, which kind of a thing is one, and whether something is in it. */
export function lists(passage: Passage, stream: RandomStream): Candidate[] {
  return readLists(passage).flatMap((list) => [
    ...whole(list, stream),
    ...inheritance(list, passage, stream),
    ...kinds(list, stream),
    ...membership(list, passage, stream),
  ]);
}

/** All entries where they are few; else any one. */
function whole(list: List, stream: RandomStream): Candidate[] {
  const { name, lead, items, complete } = list;
  const base = { sentence: -1, distractors: [] };
  const answer = items.join('; ');
  if (complete && items.length <= WHOLE && answer.length <= WHOLE_LENGTH) {
    const question =
      lead === undefined ? say(stream, 'listing', { list: name }) : say(stream, 'listingLead', { lead });
    return [{ ...base, family: 'listing', question, answer, items }];
  }
  return [
    { ...base, family: 'entry', question: say(stream, 'entry', { list: name }), answer: stream.pick(items) },
  ];
}

/** The pattern of inheritance, where the list has one. */
function inheritance({ items }: List, { title }: Passage, stream: RandomStream): Candidate[] {
  const [answer, ...more] = items.filter((item) => /inheritance$/.test(item));
  if (answer === undefined || more.length > 0 || title === undefined) return [];
  const question = say(stream, 'inheritance', { title });
  return [{ family: 'kind', question, answer, sentence: -1, distractors: [] }];
}

/** Entries that are asked about at most. */
const ASKED = 2;

/** "Which kind of cough …?", where one entry alone names that thing with words before it. */
function kinds({ name, items }: List, stream: RandomStream): Candidate[] {
  const all = items.map(lower);
  const found: Candidate[] = [];
  for (const answer of shuffled(items, stream)) {
    const words = wordsOf(answer);
    const head = bare(words[words.length - 1] ?? '');
    if (words.length < 2 || words.length > 5 || !isThing(head) || joins(answer)) continue;
    // A word of the list's own name gives the answer away.
    if (lower(name).includes(head) || all.filter((item) => item.includes(head)).length > 1) continue;
    const question = say(stream, 'kind', { head, list: name });
    found.push({ family: 'kind', question, answer, sentence: -1, distractors: [], weak: true });
    if (found.length === ASKED) break;
  }
  return found;
}

/** Whether a last word can be asked for by "which kind of". */
function isThing(head: string): boolean {
  return head.length >= 4 && !/\d|(?:ed|ly|ing|ive|al|ic|ous|ar|ary|ity|ance|ness|ibility)$/.test(head);
}

/** Whether words of an entry join things, so that its last word is not what the entry is. */
function joins(entry: string): boolean {
  const joining = (word: string) => PREPOSITIONS.has(word) || CLAUSE.has(word) || /^(?:and|or)$/.test(word);
  return /[,/()]/.test(entry) || wordsOf(entry).map(bare).some(joining);
}

/** Whether an entry is in the list, or the entry that says the opposite; only where there is one, so that both answers occur. */
function membership({ name, items }: List, { text }: Passage, stream: RandomStream): Candidate[] {
  return items.flatMap((item): Candidate[] => {
    const opposite = turned(item);
    if (opposite === undefined || text.includes(opposite)) return [];
    const holds = stream.below(2) === 0;
    const labels = ['Yes', 'No'];
    return [
      {
        family: 'membership',
        question: say(stream, 'membership', { item: holds ? item : opposite, list: name }),
        answer: holds ? 'Yes' : 'No',
        evidence: item,
        remark: holds ? 'So it is in the list' : `So the list does not have "${opposite}"`,
        labels,
        sentence: -1,
        distractors: labels,
      },
    ];
  });
}
