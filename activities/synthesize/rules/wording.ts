import type { RandomStream } from '../../../lake/random.ts';
import type { EntityType } from './entities.ts';

/** The sentences in which rules ask, several for each occasion; `{…}` is filled in. */
const WORDING = {
  acronym: [
    'What does {short} stand for?',
    'What is {short} short for in the text?',
    'Spell out the abbreviation {short}.',
  ],
  naming: [
    'What is another name for {name}?',
    'By what other name is {name} known?',
    'What else is {name} called?',
  ],
  glossary: [
    'How does the text explain the term "{term}"?',
    'What does the text say that "{term}" is?',
    'What is meant by "{term}" in the text?',
  ],
  reason: [
    'What reason does the text give for this: "{clause}"?',
    'The text says: "{clause}." Why, according to the text?',
    'Which cause does the text name for the following? {clause}.',
  ],
  conclusion: [
    'What does the text conclude from this statement? {premise}',
    'Which sentence states the consequence of the following? {premise}',
    'The text says: "{premise}" What follows from it, according to the text?',
  ],
  contrast: [
    'Which sentence of the text stands in contrast to this one? {premise}',
    'What does the text hold against this statement? {premise}',
    'The text says: "{premise}" How does it then limit or contradict that?',
  ],
  likeness: [
    'What does the text liken to this statement, or how does it put it again? {premise}',
    'Which sentence of the text says something similar to this one? {premise}',
  ],
  implication: [
    'Premise: {premise}\nHypothesis: {hypothesis}\nDoes the hypothesis follow from the premise: yes, no or maybe?',
    'Suppose all we know is this: {premise} Can we then be sure of the following, yes, no or maybe? {hypothesis}',
  ],
  year: [
    'In which year does the text place this: "{clause}"?',
    'The text dates the following to a year; which one? {sentence}.',
  ],
  gap: [
    'Which {type} is missing in this statement from the text? {gapped}',
    'Fill the gap with the {type} that the text gives: {gapped}',
    'Complete the statement with the right {type}. {gapped}',
  ],
  trueFalse: [
    'According to the text, is this statement true or false? {statement}',
    'True or false, judging by the text: {statement}',
    'Decide from the text whether the following is true or false. {statement}',
  ],
  yesNo: [
    'Does the text support this claim, yes or no? {statement}',
    'Going by the text alone, is it correct to say the following, yes or no? {statement}',
    'Is this in agreement with the text, yes or no? {statement}',
  ],
  row: [
    'Which figure does the text give next to {label} in {list}?',
    'What value stands next to {label} in {list}?',
    'How frequent is {label}, going by {list}?',
  ],
  rowChoice: [
    'Which of these stands at {value} in {list}?',
    'Which of these entries of {list} has the value {value}?',
  ],
  rowsAt: [
    'Which entries of {list} have the value {value}? Name all of them.',
    'Name everything that {list} gives with {value}.',
  ],
  listing: ['Name all entries of {list}.', 'What does {list} contain? Give every entry.'],
  listingLead: [
    'Name everything that the text lists here: {lead}...',
    'The text says "{lead}" and gives a list. What does it name?',
    'Which entries follow the words "{lead}" in the text? Give all of them.',
  ],
  entry: [
    'Name one entry of {list}.',
    'Which entries does the text give in {list}? Name one.',
    'Give an example from {list}.',
  ],
  inheritance: [
    'Which pattern of inheritance does the text list for {title}?',
    'How is {title} inherited, going by the list in the text?',
    'What does the text list as the inheritance of {title}?',
  ],
  kind: ['Which kind of {head} appears in {list}?', 'One entry of {list} is a kind of {head}; which one?'],
  membership: [
    'Is "{item}" an entry of {list}, yes or no?',
    'Does the text name "{item}" in {list}, yes or no?',
  ],
  completion: [
    'How does the text complete this sentence? {opening}...',
    'Finish the sentence as the text does: {opening}...',
    'With what does the text go on after these words? {opening}...',
  ],
  topic: [
    'What is the subject of this text?',
    'What is this text mainly about?',
    'Name the topic that the text deals with.',
  ],
  evidence: [
    'The text says: "{evidence}"',
    'The relevant passage reads: "{evidence}"',
    'We find this in the text: "{evidence}"',
    'It is stated there: "{evidence}"',
  ],
} as const;

export type Occasion = keyof typeof WORDING;

/** What a type of entity is called in a question. */
export const TYPE_WORDS: Record<EntityType, string> = {
  money: 'amount of money',
  percentage: 'percentage',
  year: 'year',
  number: 'number',
  abbreviation: 'abbreviation or symbol',
  name: 'name',
  term: 'term',
};

/** One of the occasion's sentences, drawn from the stream, with its slots filled. */
export function say(
  stream: RandomStream,
  occasion: Occasion,
  slots: Readonly<Record<string, string>>,
): string {
  return stream
    .pick<string>(WORDING[occasion])
    .replace(/\{([a-z]+)\}/g, (slot, name: string) => slots[name] ?? slot);
}
