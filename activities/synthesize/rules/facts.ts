import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import { entitiesOf } from './entities.ts';
import type { Passage, Sentence } from './passage.ts';
import { bare, lower, upperFirst, withoutStop, wordsOf } from './strings.ts';
import { readSubject, withoutLead } from './subject.ts';
import { say } from './wording.ts';

/** Single facts told in fixed forms: abbreviations, other names, who did something, when it was. */
export function facts(passage: Passage, stream: RandomStream): Candidate[] {
  const found: Candidate[] = [];
  for (const sentence of passage.sentences) {
    if (!sentence.usable) continue;
    for (const rule of [acronym, naming, person, year]) {
      const one = rule(sentence, passage, stream);
      if (one !== undefined) found.push(one);
    }
  }
  return found.map((one) => ({
    ...one,
    distractors: one.distractors.length > 0 ? one.distractors : others(one, found),
  }));
}

type Rule = (sentence: Sentence, passage: Passage, stream: RandomStream) => Candidate | undefined;

function others(one: Candidate, found: readonly Candidate[]): string[] {
  return found.filter((other) => other !== one && other.family === one.family).map((other) => other.answer);
}

/** "light chain deposition disease (LCDD)": as many words before the bracket as it has letters, with those initials. */
const acronym: Rule = (sentence, _passage, stream) => {
  for (const match of sentence.text.matchAll(/ \(([A-Z]{2,7})s?\)/g)) {
    const short = match[1] ?? '';
    const words = wordsOf(sentence.text.slice(0, match.index));
    const long = longForm(words, lower(short));
    if (long === undefined) continue;
    const question = say(stream, 'acronym', { short });
    return {
      family: 'acronym',
      question,
      answer: long,
      evidence: sentence.text,
      sentence: sentence.index,
      distractors: [],
    };
  }
  return undefined;
};

/** The last words whose initials spell the letters; small joining words count for nothing. */
function longForm(words: readonly string[], letters: string): string | undefined {
  let left = letters.length;
  for (let i = words.length - 1; i >= 0 && words.length - i <= letters.length + 3; i--) {
    const word = bare(words[i] ?? '');
    const joins = /^(?:of|the|and|for|in|to|by|with|a|on)$/.test(word);
    if (word.startsWith(letters.charAt(left - 1)) && word !== '') left--;
    else if (!joins) return undefined;
    if (left === 0)
      return words
        .slice(i)
        .join(' ')
        .replace(/^[("]+/, '');
  }
  return undefined;
}

const NAMING =
  /^(.+?),? \(?(?:also |often |sometimes |formerly |commonly |previously )(?:called|known as|referred to as) ([^,;()]+)(?:\)|,| is | are )/;

/** "X, also known as Y, …". */
const naming: Rule = (sentence, passage, stream) => {
  const match = NAMING.exec(withoutLead(sentence.text));
  const name = match === null ? undefined : readSubject(match[1]?.replace(/ (?:is|are)$/, '') ?? '', passage);
  const answer = match?.[2]?.trim() ?? '';
  if (name === undefined || answer === '' || wordsOf(answer).length > 8) return undefined;
  const question = say(stream, 'naming', { name: name.text });
  return {
    family: 'naming',
    question,
    answer,
    evidence: sentence.text,
    sentence: sentence.index,
    distractors: [],
  };
};

const DEEDS =
  'discovered|described|founded|invented|proposed|introduced|developed|identified|coined|established|built|published|won|wrote|designed|formulated';
const NAME = "(?:Dr\\. |Sir )?[A-Z][a-z]+(?: [A-Z]\\.)*(?: (?:de |van |von |den )?[A-Z][a-z'-]+)+";
const DOER = new RegExp(`(?:^|, )(${NAME})(?:, [^,]+,)? (?:first )?(${DEEDS}) (.+)$`);
const DONE = new RegExp(
  `^(.+) (?:was|were) (?:first |originally )?(${DEEDS}) (?:in \\d{4} )?by (${NAME}(?: and ${NAME})?)`,
);

/** Who did something: told actively or passively, by people with at least two names. */
const person: Rule = (sentence, passage) => {
  const text = withoutStop(withoutLead(sentence.text));
  const done = DONE.exec(text);
  const subject = done === null ? undefined : readSubject(done[1] ?? '', passage);
  const base = {
    family: 'person' as const,
    evidence: sentence.text,
    sentence: sentence.index,
    distractors: [],
  };
  if (done !== null && subject !== undefined) {
    return { ...base, question: `Who ${done[2]} ${subject.text}?`, answer: done[3] ?? '' };
  }
  const doer = sentence.standsAlone ? DOER.exec(text) : null;
  if (doer === null || wordsOf(doer[3] ?? '').length > 20) return undefined;
  return { ...base, question: `Who ${doer[2]} ${doer[3]}?`, answer: doer[1] ?? '' };
};

function otherYears(passage: Passage, answer: string): string[] {
  const entities = passage.sentences.flatMap(({ text }) => entitiesOf(text));
  return entities.filter(({ type, text }) => type === 'year' && text !== answer).map(({ text }) => text);
}

const IN_YEAR = /^In (1[6-9]\d\d|20\d\d), (.+)$/;
const WHEN_DONE =
  /^(.+) (was|were) ((?:first |originally )?[a-z]+(?:ed|nd|ken|ven|ten|ught|ilt|un)) in (1[6-9]\d\d|20\d\d)\b/;

/** In which year something was. */
const year: Rule = (sentence, passage, stream) => {
  if (!sentence.standsAlone) return undefined;
  const text = withoutStop(sentence.text);
  const base = { family: 'year' as const, evidence: sentence.text, sentence: sentence.index };
  const done = WHEN_DONE.exec(text);
  const subject = done === null ? undefined : readSubject(done[1] ?? '', passage);
  if (done !== null && subject !== undefined) {
    const answer = done[4] ?? '';
    const question = `In which year ${done[2]} ${subject.text} ${done[3]}?`;
    return { ...base, question, answer, distractors: otherYears(passage, answer) };
  }
  const placed = IN_YEAR.exec(text);
  if (placed === null || /\d{4}/.test(placed[2] ?? '')) return undefined;
  const answer = placed[1] ?? '';
  const question = say(stream, 'year', { clause: placed[2] ?? '', sentence: upperFirst(placed[2] ?? '') });
  return { ...base, question, answer, distractors: otherYears(passage, answer) };
};
