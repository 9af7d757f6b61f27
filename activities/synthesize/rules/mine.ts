import { sha256 } from '../../../lake/hash.ts';
import { openStream, type RandomStream } from '../../../lake/random.ts';
import type { Pair } from '../../../workflows/contract.ts';
import { hasMarker } from '../protocol/markers.ts';
import { pairText } from '../protocol/prompt.ts';
import { type Candidate, type Family, LABELS } from './candidate.ts';
import { claims } from './claims.ts';
import { completions } from './completions.ts';
import { connectives, reasons } from './connectives.ts';
import { dress } from './dress.ts';
import { facts } from './facts.ts';
import { gaps } from './gaps.ts';
import { glossary } from './glossary.ts';
import { headings } from './headings.ts';
import { inventory } from './inventory.ts';
import { lists } from './lists.ts';
import { type Passage, readPassage } from './passage.ts';
import { relations } from './relations.ts';
import { rows } from './rows.ts';
import { fold, lower } from './strings.ts';
import { topic, topicOf } from './topic.ts';
import { say } from './wording.ts';

export interface MineOptions {
  /** The text's title; without it the first line is taken where it looks like one. */
  title?: string;
  /** Pairs at most; 6 by default. */
  limit?: number;
  /** UTF-8 bytes of all pairs as written in the tag protocol at most; 1,600 by default, and two fifths of it for one. */
  bytes?: number;
}

/** The draws depend on the text alone, never on a run: an endpoint answers the same prompt alike for everyone. */
const SEED = 'instruct-lake rules 1';
const LIMIT = 6;
const PER_FAMILY = 3;

/** How gladly a family is taken: what asks for facts goes before what only repeats sentences. */
const RANK: Readonly<Record<Family, number>> = {
  heading: 6,
  definition: 6,
  glossary: 6,
  relation: 6,
  person: 6,
  year: 6,
  acronym: 5,
  naming: 5,
  reason: 6,
  conclusion: 5,
  contrast: 5,
  likeness: 4,
  implication: 4,
  rowChoice: 4,
  truth: 4,
  gap: 4,
  row: 4,
  rowsAt: 4,
  listing: 6,
  entry: 1,
  kind: 4,
  membership: 4,
  topic: 0,
  completion: 2,
};
/** What chance adds to a rank at most, so that texts of one make do not all get the same families. */
const CHANCE = 3;
/** What a weak candidate's rank loses, and one that does not speak of what the text is about: such stand in many texts. */
const WEAKNESS = 2.5;
const DIGRESSION = 1.5;
/** UTF-8 bytes of all pairs as written at most: the protocol's 400 new tokens as the embedded endpoint counts them. */
const ROOM = 1600;
/** The part of it that one pair may take. */
const LARGEST = 0.4;
/** Bytes between two pairs. */
const SEPARATOR = 2;

/**
 * Question–answer pairs mined from an English text by rules: no model, the same pairs for the same text everywhere.
 * Answers are quotations of the text (white space folded) several joined by semicolons, or one of the labels
 * Yes, No, Maybe, True, False.
 */
export function minePairs(text: string, options: MineOptions = {}): Pair[] {
  return mine(text, options).map(({ pair }) => pair);
}

/** The same pairs, each with the rule that found it. */
export function mine(text: string, options: MineOptions = {}): { family: Family; pair: Pair }[] {
  const { limit = LIMIT, bytes = ROOM } = options;
  const stream = openStream(SEED, 'rules', sha256(text));
  const passage = readPassage(text, options.title);
  const mined: { family: Family; pair: Pair }[] = [];
  let room = bytes;
  choose(sound(candidatesOf(passage, text, stream), text), passage, stream, (candidate) => {
    if (mined.length >= limit) return false;
    const pair = dress(candidate, stream);
    const size = Buffer.byteLength(pairText(pair)) + SEPARATOR;
    if (size > Math.min(room, bytes * LARGEST)) return false;
    room -= size;
    mined.push({ family: candidate.family, pair });
    return true;
  });
  return mined;
}

/** All that the rules find in a text, before the best are chosen. */
export function findCandidates(text: string, title: string | undefined, stream: RandomStream): Candidate[] {
  return sound(candidatesOf(readPassage(text, title), text, stream), text);
}

function candidatesOf(passage: Passage, text: string, stream: RandomStream): Candidate[] {
  const entities = inventory(passage);
  return [
    ...headings(passage),
    ...relations(passage),
    ...facts(passage, stream),
    ...reasons(passage, stream),
    ...connectives(passage, stream),
    ...glossary(passage, stream),
    ...rows(passage, stream),
    ...lists(passage, stream),
    ...claims(passage, entities, stream),
    ...gaps(passage, entities, stream),
    ...topic(passage, say(stream, 'topic', {}), text),
    ...completions(passage, stream),
  ];
}

function sound(candidates: readonly Candidate[], text: string): Candidate[] {
  const folded = fold(text);
  return candidates.filter((candidate) => isSound(candidate, folded));
}

function isSound({ question, answer, items, labels }: Candidate, folded: string): boolean {
  if (answer === '' || answer !== answer.trim() || hasMarker(question) || hasMarker(answer)) return false;
  if (answer.includes('\n') || / {2}|\s[,.?]/.test(question)) return false;
  if (labels !== undefined) return LABELS.some((label) => label === answer);
  return (items ?? [answer]).every((item) => folded.includes(item));
}

/**
 * Offers the candidates, the best first, to `take`, which says whether it took one: three of a family, one about a
 * sentence, no question twice. Chance shuffles the ranks a little.
 */
function choose(
  candidates: readonly Candidate[],
  passage: Passage,
  stream: RandomStream,
  take: (candidate: Candidate) => boolean,
): void {
  const isOnTopic = topicOf(passage);
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      rank:
        RANK[candidate.family] -
        (candidate.weak ? WEAKNESS : 0) -
        (isOnTopic(candidate) ? 0 : DIGRESSION) +
        stream.unit() * CHANCE,
    }))
    .sort((a, b) => b.rank - a.rank);
  const families = new Map<Family, number>();
  const sentences = new Set<string>();
  const questions = new Set<string>();
  // A family's second pair waits until every family had its first; the topic, which any text can be asked for, waits for all.
  for (let round = 1; round <= PER_FAMILY + 1; round++) {
    for (const { candidate } of ranked) {
      const { family, question } = candidate;
      if ((family === 'topic') !== round > PER_FAMILY) continue;
      const place = candidate.sentence < 0 ? (candidate.evidence ?? question) : String(candidate.sentence);
      if ((families.get(family) ?? 0) >= round) continue;
      if (sentences.has(place) || questions.has(lower(question)) || !take(candidate)) continue;
      families.set(family, (families.get(family) ?? 0) + 1);
      sentences.add(place);
      questions.add(lower(question));
    }
  }
}
