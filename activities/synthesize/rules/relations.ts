import type { Candidate, Family } from './candidate.ts';
import type { Passage, Sentence } from './passage.ts';
import { bare, lower, withoutStop, wordsOf } from './strings.ts';
import { readSubject, withoutLead } from './subject.ts';
import { ACTIVE_FORMS, PASSIVE, type VerbForm } from './verbs.ts';
import { CLAUSE, GENERIC, PREPOSITIONS } from './words.ts';

const MODAL = 'can|may|might|could|will|must|should';
const ADVERB =
  'often|usually|commonly|typically|generally|frequently|sometimes|also|primarily|mainly|mostly|normally|rarely|probably|most often|most commonly|largely|directly|thought to be|believed to be|partly';
const forms = [...ACTIVE_FORMS.keys()].sort((a, b) => b.length - a.length).join('|');
const participles = [...PASSIVE.keys()].sort((a, b) => b.length - a.length).join('|');

const ACTIVE_VERB = new RegExp(` (?:(${MODAL}) )?(?:(?:${ADVERB}) )?(${forms}):? `, 'g');
const PASSIVE_VERB = new RegExp(
  ` (?:(is|are|was|were)|(${MODAL}) be) (?:(${ADVERB}) )?(${participles}):? `,
  'g',
);
const DEFINING = / (is|are|was|were) (?=(?:a|an|the|one of|any|when) )/g;
const PLURAL_DEFINING =
  / (are) (?=(?:[a-z-]+ ){0,4}[a-z]{3,}s(?: (?:that|which|of|in|made|caused|found|with) |$))/g;
const AIM = / (is|was) (?=to )/g;

/** Statements of the form subject, verb, object, asked for their object: definitions, causes, effects, parts, uses. */
export function relations(passage: Passage): Candidate[] {
  const found: Candidate[] = [];
  for (const sentence of passage.sentences) {
    if (!sentence.usable) continue;
    const text = withoutStop(withoutLead(sentence.text));
    const match = passive(text, passage) ?? defining(text, passage) ?? active(text, passage);
    if (match !== undefined) found.push(candidate(match, sentence));
  }
  return found.map((one) => ({ ...one, distractors: distractors(one, found) }));
}

interface Match {
  family: Family;
  question: string;
  answer: string;
  /** Whom or what the statement is about. */
  about: string;
}

function candidate({ family, question, answer, about }: Match, sentence: Sentence): Candidate {
  return {
    family,
    question,
    answer,
    about,
    evidence: sentence.text,
    sentence: sentence.index,
    distractors: [],
  };
}

function passive(text: string, passage: Passage): Match | undefined {
  for (const match of text.matchAll(PASSIVE_VERB)) {
    const [whole, be, modal, adverb, participle = ''] = match;
    const subject = readSubject(text.slice(0, match.index), passage);
    const answer = readObject(text.slice(match.index + whole.length));
    const ask = PASSIVE.get(participle);
    if (subject === undefined || answer === undefined || ask === undefined) continue;
    const question = ask
      .replace('{be}', be ?? modal ?? '')
      .replace('{s}', be === undefined ? `${subject.text} be` : subject.text)
      .replace('{adv}', adverb === undefined || adverb === 'also' ? '' : `${adverb} `);
    // "How" and "where" are answered with the preposition.
    const preposition = ask.startsWith('What') ? '' : `${participle.slice(participle.lastIndexOf(' ') + 1)} `;
    return { family: 'relation', question, answer: preposition + answer, about: subject.text };
  }
  return undefined;
}

function defining(text: string, passage: Passage): Match | undefined {
  for (const pattern of [DEFINING, PLURAL_DEFINING, AIM]) {
    const match = text.matchAll(pattern).next().value;
    if (match === undefined) continue;
    const subject = readSubject(text.slice(0, match.index), passage);
    const rest = text.slice(match.index + match[0].length);
    const answer = readObject(rest.replace(/^(?:a|an|the|any|when|to) /, ''));
    if (subject === undefined || answer === undefined || wordsOf(answer).length < 3) continue;
    if (pattern === PLURAL_DEFINING && PREDICATE.test(answer)) continue;
    if (/^(?:same|result|case|name|following|subject|focus)\b/.test(answer)) continue;
    const about = subject.text;
    const article = /^(?:a|an|the|any|when|to) /.exec(rest)?.[0] ?? '';
    if (RANKED.test(answer)) {
      // "X is the most common cause of Y" defines nothing; it answers which is.
      const named = text.slice(0, match.index);
      if (article !== 'the ' || wordsOf(answer).length < 5 || wordsOf(named).length > 12) continue;
      return { family: 'relation', question: `What ${match[1]} the ${answer}?`, answer: named, about };
    }
    return { family: 'definition', question: `What ${match[1]} ${about}?`, answer: article + answer, about };
  }
  return undefined;
}

function active(text: string, passage: Passage): Match | undefined {
  for (const match of text.matchAll(ACTIVE_VERB)) {
    const [whole, modal, written = ''] = match;
    const verb = ACTIVE_FORMS.get(written);
    const subject = readSubject(text.slice(0, match.index), passage);
    const after = text.slice(match.index + whole.length);
    const roughly = /^(?:about|around) (?=\d)/.exec(after)?.[0] ?? '';
    const object = readObject(after.slice(roughly.length));
    const answer = object === undefined ? undefined : roughly + object;
    if (verb === undefined || subject === undefined || answer === undefined) continue;
    const helper =
      modal === undefined
        ? auxiliary(verb, subject.plural, answer)
        : verb.form === 'base'
          ? modal
          : undefined;
    if (helper === undefined) continue;
    const about = subject.text;
    if (verb.base === 'affect' && COUNT.test(answer)) {
      const question = `How common ${subject.plural ? 'are' : 'is'} ${about}?`;
      return { family: 'relation', question, answer, about };
    }
    return { family: 'relation', question: `What ${helper} ${about} ${verb.base}?`, answer, about };
  }
  return undefined;
}

/** Openings of what is said about things rather than of what they are. */
const PREDICATE =
  /^(?:as|like|most|more|less|[a-z]+(?:ed|ing|ly)|seen|found|born|known|given|done|made|able|likely|present|available|due|prone|at|very|too|often|also|usually|not|common|rare) /;

/** Words that rank a thing rather than saying what it is. */
const RANKED =
  /^(?:(?:second|third|fourth|next|single)[ -])?(?:most|least|leading|main|primary|major|best|largest|smallest|highest|lowest|only|first|last|cardinal)\b/;
const COUNT =
  /^(?:an estimated |about |approximately |around |nearly |almost |up to |at least |fewer than |more than |between )?(?:\d|one in).*(?:people|person|births?|males|females|men|women|children|individuals|adults|infants|newborns?|in \d)/;

/** The helping verb of the question; none where number or form show that the word is no verb here. */
function auxiliary(verb: VerbForm, plural: boolean, object: string): string | undefined {
  if (verb.form === 'third') return plural ? undefined : 'does';
  if (verb.form === 'base') return plural ? 'do' : undefined;
  // A past form is a participle ("cells produced in the marrow are…") where a finite verb follows.
  return wordsOf(object).some((word) => CLAUSE.has(word)) ? undefined : 'did';
}

/** Where another clause begins: at a semicolon, a joining word, or an "and" with a verb of its own and no list before it. */
const thirds = [...ACTIVE_FORMS]
  .flatMap(([written, { form }]) => (form === 'third' ? [written] : []))
  .join('|');
const CLAUSE_END = new RegExp(
  '; | and (?:is|are|was|were|can|may|has|have|had|does|do|will|could|should|must|usually|often|typically) |, (?:which|but|although|though|while|whereas|so|and (?:it|they|this|these|[a-z]+s (?:the|a|an|it|its|their|to))) ' +
    `|, and [^,]{1,60}? (?:is|are|was|were|can|may|has|have|will|do|does|usually|${thirds}) `,
);

/** What follows the verb, up to where another clause begins; nothing when it is no noun phrase that says something. */
function readObject(after: string): string | undefined {
  const end = clauseEnd(after);
  if (end === undefined) return undefined;
  const text = after.slice(0, end).trim().replace(/[,:]$/, '');
  const words = wordsOf(text);
  const first = bare(words[0] ?? '');
  if (words.length > 40 || first === '' || balance(text) !== 0) return undefined;
  if (CLAUSE.has(first) && first !== 'another') return undefined;
  if (PREPOSITIONS.has(first) || /^(?:and|or|not|only)$/.test(first) || ACTIVE_FORMS.has(first))
    return undefined;
  if (
    words.length <= 2 &&
    (GENERIC.has(bare(words[words.length - 1] ?? '')) || /^(?:them|people)$/.test(first))
  )
    return undefined;
  if (words.slice(0, 4).some((word) => /^(?:them|it|they)\b/.test(word))) return undefined;
  return text;
}

/** Where the object ends; nothing where that would cut a list in two. */
function clauseEnd(after: string): number | undefined {
  const match = CLAUSE_END.exec(after);
  if (match === null) return after.length;
  const [sign] = match;
  const rest = after.slice(match.index + sign.length);
  // Semicolons part entries of a list where no clause follows them.
  if (sign === '; ') return VERB.test(` ${rest.split(';')[0] ?? ''} `) ? match.index : after.length;
  // An "and" behind another comma may close a list.
  if (sign.startsWith(', and '))
    return after.slice(0, match.index).includes(',') ? after.length : match.index;
  return sign.startsWith(', which') && /, and |; /.test(rest) ? undefined : match.index;
}

const VERB = / (?:is|are|was|were|can|may|has|have|had|does|do|will|it|they|this|these) /;

function balance(text: string): number {
  return text.split('(').length - text.split(')').length;
}

/** Objects of other statements about something else, with the same question word, that are about as long. */
function distractors(one: Candidate, all: readonly Candidate[]): string[] {
  const length = one.answer.length;
  return all
    .filter(({ family, sentence }) => family === one.family && sentence !== one.sentence)
    .filter(({ question, answer }) => opening(question) === opening(one.question) && isLike(answer, length))
    .filter((other) => !sameThing(one, other))
    .map((other) => other.answer);
}

function isLike(answer: string, length: number): boolean {
  return answer.length < length * 3 && answer.length > length / 3;
}

/** Whether two statements may be about one thing: a long word in common, or one is the other's abbreviation. */
function sameThing({ about: a = '' }: Candidate, { about: b = '' }: Candidate): boolean {
  if (a === b || initials(a) === lower(b) || initials(b) === lower(a)) return true;
  const words = wordsOf(a).map(bare);
  return wordsOf(b).some((word) => word.length > 3 && words.includes(bare(word)));
}

function initials(text: string): string {
  return wordsOf(text.replaceAll('-', ' '))
    .map((word) => bare(word).charAt(0))
    .join('');
}

function opening(question: string): string {
  return question.slice(0, question.indexOf(' '));
}
