import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import { type Inventory, statements } from './inventory.ts';
import type { Passage, Sentence } from './passage.ts';
import { shuffled } from './strings.ts';
import { readSubject } from './subject.ts';
import { say } from './wording.ts';

/** A sentence as it stands, or with an entity or word exchanged so that it contradicts the text. */
export function claims(passage: Passage, inventory: Inventory, stream: RandomStream): Candidate[] {
  const found: Candidate[] = [];
  for (const sentence of statements(passage, stream)) {
    const exchanged = exchange(sentence, inventory, stream) ?? opposite(sentence);
    const change = exchanged ?? negation(sentence, passage);
    // Only sentences that could be made false are asked about at all: else most answers would be "True".
    if (change === undefined) continue;
    const holds = stream.below(2) === 0;
    const asksTruth = stream.below(2) === 0;
    const labels = asksTruth ? ['True', 'False'] : ['Yes', 'No'];
    const statement = holds ? sentence.text : change.statement;
    found.push({
      family: 'truth',
      question: say(stream, asksTruth ? 'trueFalse' : 'yesNo', { statement }),
      answer: (holds ? labels[0] : labels[1]) ?? '',
      evidence: sentence.text,
      remark: holds
        ? 'This is what the statement says.'
        : `The statement has "${change.to}" where the text has "${change.from}".`,
      labels,
      weak: exchanged === undefined,
      sentence: sentence.index,
      distractors: labels,
    });
  }
  return found;
}

interface Change {
  statement: string;
  from: string;
  to: string;
}

function exchange(
  sentence: Sentence,
  { bySentence, likes }: Inventory,
  stream: RandomStream,
): Change | undefined {
  for (const entity of shuffled(bySentence.get(sentence.index) ?? [], stream)) {
    const { text, start } = entity;
    const others = likes(entity, sentence.text).filter((other) =>
      fitsArticle(sentence.text.slice(0, start), other),
    );
    if (others.length === 0) continue;
    const to = stream.pick(others);
    const statement = sentence.text.slice(0, start) + to + sentence.text.slice(start + text.length);
    return { statement, from: text, to };
  }
  return undefined;
}

/** Whether a word can follow: not "a" before a vowel, nor "an" before another letter. */
function fitsArticle(before: string, word: string): boolean {
  const article = /(?:^| )(an?) $/i.exec(before)?.[1];
  return article === undefined || (article.length === 2) === /^[aeiou8]/i.test(word);
}

const OPPOSITES: ReadonlyMap<string, string> = new Map(
  `dominant recessive|increases decreases|increased decreased|increase decrease|rises falls|rise fall|rose fell
  |higher lower|always never|maximum minimum|raises lowers|lengthens shortens|strengthens weakens|before after
  |shorter longer|larger smaller|largest smallest|highest lowest
  |upper lower|outer inner|increasing decreasing|hotter colder|cheaper dearer`
    .split('|')
    .map((pair) => pair.trim().split(' '))
    .flatMap(([a = '', b = '']): [string, string][] =>
      b === 'lower' && a === 'upper'
        ? [[a, b]]
        : [
            [a, b],
            [b, a],
          ],
    ),
);

/** The sentence with one word turned into its opposite, where the opposite does not stand in it as well. */
function opposite(sentence: Sentence): Change | undefined {
  const { plain } = sentence;
  for (const [i, word] of sentence.words.entries()) {
    const from = plain[i] ?? '';
    const to = OPPOSITES.get(from);
    if (to === undefined || !word.startsWith(from)) continue;
    if (plain.filter((other) => other === from).length > 1 || plain.includes(to) || plain.includes('not'))
      continue;
    const at = i;
    if (!fitsArticle(`${sentence.words[at - 1] ?? ''} `, to)) continue;
    const statement = [
      ...sentence.words.slice(0, at),
      word.replace(from, to),
      ...sentence.words.slice(at + 1),
    ].join(' ');
    return { statement, from, to };
  }
  return undefined;
}

const NEGATED: readonly (readonly [string, string])[] = [
  ['cannot', 'can'],
  ['is not', 'is'],
  ['are not', 'are'],
  ['was not', 'was'],
  ['were not', 'were'],
  ['does not', 'does'],
  ['do not', 'do'],
  ['is', 'is not'],
  ['are', 'are not'],
  ['was', 'was not'],
  ['were', 'were not'],
  ['can', 'cannot'],
];

/** The sentence with its main verb denied, or affirmed where it was denied; only where its subject is certain. */
function negation({ text }: Sentence, passage: Passage): Change | undefined {
  const match = / (?:cannot|can|is|are|was|were|does|do)(?: not)? /.exec(text);
  if (
    match === null ||
    / (?:not|no|never|neither|nor|without|unless|only|but) /.test(
      text.slice(match.index + match[0].length - 1),
    )
  ) {
    return undefined;
  }
  const from = match[0].trim();
  const to = NEGATED.find(([one]) => one === from)?.[1];
  const subject = readSubject(text.slice(0, match.index), passage);
  if (to === undefined || subject === undefined || to === 'does' || to === 'do') return undefined;
  return {
    statement: `${text.slice(0, match.index)} ${to} ${text.slice(match.index + match[0].length)}`,
    from,
    to,
  };
}
