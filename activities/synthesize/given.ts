import { documentId } from '../../lake/identity.ts';
import type { GeneratorPin } from '../plan/pins.ts';
import { type Entry, historyOf } from './entry.ts';
import { gather, type Parsed, pairOf } from './pair.ts';
import { hasMarker } from './protocol/markers.ts';
import { structure } from './protocol/parse.ts';
import type { Told, Turn } from './round.ts';

/** The pin of the generator that asks nobody: the pairs stand beside the texts. */
export const GIVEN_PIN: GeneratorPin = {
  name: 'given',
  model: 'given pairs',
  window: 0,
  newTokens: 0,
  temperature: 0,
  tokenizer: null,
};

/** A turn whose text came with its pairs: JSON, or null where there are none. */
export interface GivenTurn extends Turn {
  text: Turn['text'] & { given: string | null };
}

/** A round without requests: every text has the pairs that it came with, and is linked as if it had been asked about. */
export async function givenRound(turns: AsyncIterable<GivenTurn>, onProgress: () => void): Promise<Entry[]> {
  const made: Entry[] = [];
  for await (const { slot, round, text, before } of turns) {
    onProgress();
    const { pairs, drops } = parseGiven(text.given ?? '');
    const history = historyOf<Told>(before).length;
    const dropped: Record<string, number> = {};
    for (const { reason } of drops) dropped[reason] = (dropped[reason] ?? 0) + 1;
    made.push({
      ...{ id: documentId(text.key, text.row), key: text.key, row: text.row, part: 0 },
      ...{ start: 0, end: Buffer.byteLength(text.text), slot, round },
      ...{ linked: history > 0 && pairs.length > 0, history, setAside: undefined },
      ...{ request: '', completion: text.given ?? '', finishReason: 'given' },
      ...{ promptTokens: 0, completionTokens: 0, pairs, drops: dropped },
    });
  }
  return made;
}

/**
 * Reads a column of pairs: JSON, a list of objects, or an object of lists as some writers turn it round. A pair has `question` and
 * `answer`, maybe `options` and `rationale`; or `Q` and `A` with the protocol's literal marks, as augmented corpora are
 * published (paper: column `QA_list`).
 * Never throws: what is no pair becomes a drop.
 */
export function parseGiven(cell: string): Parsed {
  const parsed = gather();
  if (cell === '') return { pairs: [], drops: [] };
  const items = itemsOf(cell);
  if (items === undefined) parsed.add('unreadable', cell);
  for (const item of items ?? []) parsed.add(pairFrom(item), JSON.stringify(item));
  return { pairs: parsed.pairs, drops: parsed.drops };
}

/** The objects of a column of pairs, whatever they are; undefined where it is no list. */
export function itemsOf(cell: string): unknown[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(cell);
  } catch {
    return undefined;
  }
  if (value === null) return [];
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object') return undefined;
  const lists = Object.entries(value);
  const lengths = lists.map(([, list]) => (Array.isArray(list) ? list.length : -1));
  const [length = 0] = lengths;
  if (length < 0 || lengths.some((each) => each !== length)) return undefined;
  return Array.from({ length }, (_, i) =>
    Object.fromEntries(lists.map(([name, list]) => [name, (list as unknown[])[i]])),
  );
}

/** The pair that one of them is, or why it is none. Marks of the protocol are no words of a pair. */
export function pairFrom(item: unknown): ReturnType<typeof pairOf> {
  const pair = fieldsOf(item);
  if (typeof pair === 'string') return pair;
  const { question, answer, options = [], rationale = '' } = pair;
  return [question, answer, rationale, ...options].some(hasMarker) ? 'leakedMarker' : pair;
}

function fieldsOf(item: unknown): ReturnType<typeof pairOf> {
  if (typeof item !== 'object' || item === null) return 'unreadable';
  const { question, answer, options, rationale, Q, A } = item as Record<string, unknown>;
  if (typeof Q === 'string' && typeof A === 'string') return structure(Q, A);
  if (typeof question !== 'string' || typeof answer !== 'string') return 'unreadable';
  if (options != null && !(Array.isArray(options) && options.every((each) => typeof each === 'string'))) {
    return 'unreadable';
  }
  if (rationale != null && typeof rationale !== 'string') return 'unreadable';
  return pairOf({
    question,
    answer,
    // Parquet knows no missing member: a list that nobody filled is none.
    ...(options != null && options.length > 0 && { options: options as string[] }),
    ...(rationale != null && { rationale }),
  });
}
