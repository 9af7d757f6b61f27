import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate, Family } from './candidate.ts';
import type { Passage, Sentence } from './passage.ts';
import { bare, upperFirst, withoutStop, wordsOf } from './strings.ts';
import { say } from './wording.ts';
import { CLAUSE, PREPOSITIONS } from './words.ts';

type Sense = 'conclusion' | 'contrast' | 'likeness' | 'addition';

/** Openings of a sentence that tell how it stands to the one before. */
const OPENINGS: readonly [RegExp, Sense][] = [
  [
    /^(?:Therefore|Thus|Accordingly|Hence|Consequently|For this reason|As a result|As a consequence), /,
    'conclusion',
  ],
  [
    /^(?:However|On the contrary|In contrast|By contrast|Conversely|On the other hand|Nevertheless), /,
    'contrast',
  ],
  [/^(?:In other words|That is to say|Similarly|Likewise|Equally|In the same way), /, 'likeness'],
  [/^(?:Also|Furthermore|Additionally|Moreover|In addition|Secondly), /, 'addition'],
];

/** Characters that both sentences need, so that there is something to relate. */
const SHORTEST = 50;

/** Two sentences joined by a connective: what follows, what contrasts, what is alike, and whether one implies the other. */
export function connectives(passage: Passage, stream: RandomStream): Candidate[] {
  const found: Candidate[] = [];
  for (const { sentences } of passage.paragraphs) {
    for (const [i, second] of sentences.entries()) {
      const first = sentences[i - 1];
      if (first === undefined || !first.standsAlone || !second.usable) continue;
      if (Math.min(first.text.length, second.text.length) < SHORTEST) continue;
      const known = OPENINGS.find(([opening]) => opening.test(second.text));
      if (known === undefined) continue;
      const [opening, sense] = known;
      if (sense !== 'addition') found.push(generated(sense, first, second, stream));
      if (sense === 'contrast' || sense === 'likeness' || !second.standsAlone) continue;
      // A premise that itself begins with a connective leans on what stands before it.
      if (OPENINGS.some(([lead]) => lead.test(first.text))) continue;
      found.push(implication(sense, first, second.text.replace(opening, ''), second, stream));
    }
  }
  return found;
}

function generated(
  family: Family & Sense,
  first: Sentence,
  second: Sentence,
  stream: RandomStream,
): Candidate {
  const question = say(stream, family, { premise: first.text });
  return { family, question, answer: second.text, sentence: second.index, distractors: [] };
}

function implication(
  sense: 'conclusion' | 'addition',
  first: Sentence,
  hypothesis: string,
  second: Sentence,
  stream: RandomStream,
): Candidate {
  return {
    family: 'implication',
    question: say(stream, 'implication', { premise: first.text, hypothesis: upperFirst(hypothesis) }),
    answer: sense === 'conclusion' ? 'Yes' : 'Maybe',
    evidence: second.text,
    remark:
      sense === 'conclusion'
        ? 'So the text draws one from the other.'
        : 'So the text adds it as a further point.',
    labels: ['Yes', 'No', 'Maybe'],
    sentence: second.index,
    distractors: ['Yes', 'No', 'Maybe'],
  };
}

const REASON = /^(.+?),? (because of|because|due to|owing to|on account of|as a result of|thanks to) (.+)$/;

/** Statements with a reason behind them. */
export function reasons(passage: Passage, stream: RandomStream): Candidate[] {
  const found: Candidate[] = [];
  for (const sentence of passage.sentences) {
    if (!sentence.standsAlone) continue;
    const [, clause = '', , reason = ''] = REASON.exec(withoutStop(sentence.text)) ?? [];
    const last = bare(clause.slice(clause.lastIndexOf(' ') + 1));
    if (wordsOf(clause).length < 5 || wordsOf(reason).length < 2 || REASON.test(reason)) continue;
    if (
      CLAUSE.has(last) ||
      PREPOSITIONS.has(last) ||
      DANGLING.test(last) ||
      /, (?:but|and|or|which|who|when) |; /.test(sentence.text)
    )
      continue;
    if (BEFORE_CLAUSE.test(clause) && !clause.includes(', ')) continue;
    const question = say(stream, 'reason', { clause });
    found.push({
      family: 'reason',
      question,
      answer: reason,
      evidence: sentence.text,
      sentence: sentence.index,
      distractors: [],
    });
  }
  return found.map((one) => ({ ...one, distractors: found.filter((o) => o !== one).map((o) => o.answer) }));
}

/** Openings behind which the main clause comes after a comma. */
const BEFORE_CLAUSE =
  /^(?:In|On|At|By|For|From|With|Without|After|Before|During|Since|When|While|Although|Though|If|Unless|Not|As|Because|Despite|Due|Among|Until|Once|[A-Z][a-z]+ing) /;

/** Words that a clause cannot end with: what was cut off belongs to them. */
const DANGLING =
  /ly$|^(?:and|or|not|likely|partly|also|often|only|just|possibly|in|part|rather|either|that)$/;
