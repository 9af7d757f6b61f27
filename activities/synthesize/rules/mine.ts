import { sha256 } from '../../../lake/hash.ts';
import { openStream, type RandomStream } from '../../../lake/random.ts';
import type { Pair } from '../../../workflows/contract.ts';
import { hasMarker } from '../protocol/markers.ts';
import { type Candidate, type Family, LABELS } from './candidate.ts';
import { claims } from './claims.ts';
import { completions } from './completions.ts';
import { connectives, reasons } from './connectives.ts';
import { dress } from './dress.ts';
import { facts } from './facts.ts';
import { gaps } from './gaps.ts';
import { headings, topic } from './headings.ts';
import { inventory } from './inventory.ts';
import { lists } from './lists.ts';
import { readPassage } from './passage.ts';
import { relations } from './relations.ts';
import { rows } from './rows.ts';
import { fold, lower } from './strings.ts';
import { say } from './wording.ts';

export interface MineOptions {
  /** The text's title; without it the first line is taken where it looks like one. */
  title?: string;
  /** Pairs at most; 6 by default. */
  limit?: number;
}

/** The draws depend on the text alone, never on a run: an endpoint answers the same prompt alike for everyone. */
const SEED = 'instruct-lake rules 1';
const LIMIT = 6;
const PER_FAMILY = 2;

/** How gladly a family is taken: what asks for facts goes before what only repeats sentences. */
const RANK: Readonly<Record<Family, number>> = {
  heading: 6,
  definition: 6,
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
  entry: 3,
  order: 1,
  kind: 4,
  membership: 4,
  topic: 2,
  completion: 2,
};
/** What chance adds to a rank at most, so that texts of one make do not all get the same families. */
const CHANCE = 3;
/** What a weak candidate's rank loses. */
const WEAKNESS = 2.5;

/**
 * Question–answer pairs mined from an English text by rules: no model, the same pairs for the same text everywhere.
 * Answers are quotations of the text (white space folded) or one of the labels Yes, No, Maybe, True, False.
 */
export function minePairs(text: string, options: MineOptions = {}): Pair[] {
  const stream = openStream(SEED, 'rules', sha256(text));
  const candidates = findCandidates(text, options.title, stream);
  return choose(candidates, options.limit ?? LIMIT, stream).map((candidate) => dress(candidate, stream));
}

/** All that the rules find in a text, before the best are chosen. */
export function findCandidates(text: string, title: string | undefined, stream: RandomStream): Candidate[] {
  const passage = readPassage(text, title);
  const entities = inventory(passage);
  const found = [
    ...headings(passage),
    ...relations(passage),
    ...facts(passage, stream),
    ...reasons(passage, stream),
    ...connectives(passage, stream),
    ...rows(passage, stream),
    ...lists(passage, stream),
    ...claims(passage, entities, stream),
    ...gaps(passage, entities, stream),
    ...topic(passage, say(stream, 'topic', {}), text),
    ...completions(passage, stream),
  ];
  const folded = fold(text);
  return found.filter((candidate) => isSound(candidate, folded));
}

function isSound({ question, answer, labels }: Candidate, folded: string): boolean {
  if (answer === '' || answer !== answer.trim() || hasMarker(question) || hasMarker(answer)) return false;
  if (answer.includes('\n') || / {2}|\s[,.?]/.test(question)) return false;
  return labels === undefined ? folded.includes(answer) : LABELS.some((label) => label === answer);
}

/** The best candidates: two of a family, one about a sentence, no question twice. Order: by place in the text's draw. */
function choose(candidates: readonly Candidate[], limit: number, stream: RandomStream): Candidate[] {
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      rank: RANK[candidate.family] - (candidate.weak ? WEAKNESS : 0) + stream.unit() * CHANCE,
    }))
    .sort((a, b) => b.rank - a.rank);
  const chosen: Candidate[] = [];
  const families = new Map<Family, number>();
  const sentences = new Set<string>();
  const questions = new Set<string>();
  // A family's second pair waits until every family had its first.
  for (let round = 1; round <= PER_FAMILY; round++) {
    for (const { candidate } of ranked) {
      const { family, question } = candidate;
      const place = candidate.sentence < 0 ? (candidate.evidence ?? question) : String(candidate.sentence);
      if (chosen.length >= limit || (families.get(family) ?? 0) >= round) continue;
      if (sentences.has(place) || questions.has(lower(question))) continue;
      chosen.push(candidate);
      families.set(family, (families.get(family) ?? 0) + 1);
      sentences.add(place);
      questions.add(lower(question));
    }
  }
  return chosen;
}
