import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import { type Inventory, statements } from './inventory.ts';
import type { Passage } from './passage.ts';
import { say, TYPE_WORDS } from './wording.ts';

/** A sentence with one of its entities left out. */
export function gaps(passage: Passage, { bySentence, likes }: Inventory, stream: RandomStream): Candidate[] {
  const found: Candidate[] = [];
  for (const sentence of statements(passage, stream)) {
    const entities = bySentence.get(sentence.index) ?? [];
    if (entities.length === 0) continue;
    const entity = stream.pick(entities);
    const { type, text, start } = entity;
    const gapped = `${sentence.text.slice(0, start)}____${sentence.text.slice(start + text.length)}`;
    found.push({
      family: 'gap',
      question: say(stream, 'gap', { type: TYPE_WORDS[type], gapped }),
      answer: text,
      evidence: sentence.text,
      sentence: sentence.index,
      distractors: likes(entity, sentence.text),
    });
  }
  return found;
}
