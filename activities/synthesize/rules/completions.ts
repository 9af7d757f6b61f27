import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import type { Passage } from './passage.ts';
import { shuffled, wordsOf } from './strings.ts';
import { say } from './wording.ts';

/** Broken sentences that are offered at most. */
const OFFERED = 6;

/** Words after which a sentence can be broken off so that what follows can be told: a reason, a means, a purpose, a case. */
const BREAKS = new Set('because by when if unless until'.split(' '));

/** What shows that the part before the break says something by itself. */
const VERB =
  / (?:is|are|was|were|has|have|can|may|might|will|should|must|does|do|[a-z]{3,}(?:s|ed)|occur|begin|develop|appear|cause|need|help|talk|call|get|make|take) /;

/** A sentence broken off, to be finished; endings behind the same word are the wrong ones. */
export function completions(passage: Passage, stream: RandomStream): Candidate[] {
  const broken = passage.sentences.flatMap((sentence) => {
    if (!sentence.standsAlone || sentence.words.length < 12) return [];
    const at = sentence.words.findIndex(
      (word, i) => i >= 5 && i <= sentence.words.length - 5 && BREAKS.has(word),
    );
    if (at < 0) return [];
    const ending = sentence.words
      .slice(at + 1)
      .join(' ')
      .replace(/[.!]$/, '');
    if (!VERB.test(` ${sentence.words.slice(0, at).join(' ')} `)) return [];
    // "By" begins a means only before a verb: "by reducing …"; else it may name who or how much.
    if (sentence.words[at] === 'by' && !/^[a-z]+ing /.test(ending)) return [];
    if (/[()]/.test(ending) && ending.split('(').length !== ending.split(')').length) return [];
    return [{ sentence, at, word: sentence.words[at], ending }];
  });
  return shuffled(broken, stream)
    .slice(0, OFFERED)
    .map(({ sentence, at, word, ending }) => ({
      family: 'completion' as const,
      question: say(stream, 'completion', { opening: sentence.words.slice(0, at + 1).join(' ') }),
      answer: ending,
      sentence: sentence.index,
      distractors: broken
        .filter(
          (other) => other.sentence !== sentence && other.word === word && wordsOf(other.ending).length <= 25,
        )
        .map((other) => other.ending),
    }));
}
