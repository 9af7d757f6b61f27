import { atOnce } from '../../lake/at-once.ts';
import { LakeError } from '../../lake/errors.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import { jsonOf } from '../json-text.ts';
import type { Completion } from './endpoint/client.ts';

/** Chunks that are read at once. */
const READS = 16;
/** No chunk of ours is near this size; what is larger is not read. */
const MOST_BYTES = 64 * 2 ** 20;
const NAME = /\/([0-9a-f]{32})\/answers-(\d{5,})\.jsonl$/;

/** An answer by the hash of its request. */
export type Recorded = readonly [request: string, answer: Completion];

/** What an attempt had done when it wrote a chunk: the last one tells what a kill took with it. */
export interface ChunkHeader {
  round: number;
  /** Requests that have gone out so far, all tries counted. */
  sent: number;
  /** Of them, those without an answer yet, or given up unanswered when the attempt was cancelled. */
  open: number;
  /**
   * What a kill just then would have taken of this round, about: its share of the worker's requests in flight and of the
   * answers that no chunk held. At the end of a round, those it gave up.
   */
  atRisk: number;
  /** Tokens of requests that failed for good, where the client knows any. */
  wastedTokens: number;
}

/** Answers that an attempt recorded, and where it then stood; `number` counts its chunks. */
export interface Chunk {
  attempt: string;
  number: number;
  header: ChunkHeader | undefined;
  answers: Recorded[];
  /** Lines that are no answers. */
  damaged: number;
}

/** The id of the attempt whose folder this is. */
export const attemptOf = (path: string): string => path.split('/').at(-1) ?? '';

/** Name of an attempt's chunk in its folder. */
export const chunkName = (number: number): string => `answers-${String(number).padStart(5, '0')}.jsonl`;

/** A chunk as it is written: a line for the header, and one for each answer. */
export function chunkBody(header: ChunkHeader, answers: readonly Recorded[]): string {
  return [header, ...answers].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Reads what a chunk may hold. Never throws: a line that is torn or not ours is counted, the others are used. */
export function parseChunk(attempt: string, number: number, bytes: Uint8Array): Chunk {
  const chunk: Chunk = { attempt, number, header: undefined, answers: [], damaged: 0 };
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (line === '') continue;
    const value = jsonOf(line);
    if (isRecorded(value)) chunk.answers.push(value);
    else if (isHeader(value)) chunk.header = value;
    else chunk.damaged++;
  }
  return chunk;
}

/**
 * The chunks under a prefix, by attempt and number, read some at a time. Only a cache: nothing rests on the listing, and
 * an object that is no chunk of ours, or cannot be read for what is in it, counts as damaged and stops nobody. Throws
 * what the store throws when it is away or refuses us.
 */
export async function readChunks(store: ObjectStore, prefix: string): Promise<Chunk[]> {
  const listed: ListedObject[] = [];
  for await (const object of store.list(prefix)) if (NAME.test(object.key)) listed.push(object);
  return readListedChunks(store, listed);
}

/** The chunks among objects that were listed. */
export async function readListedChunks(
  store: ObjectStore,
  listed: readonly Pick<ListedObject, 'key' | 'size'>[],
): Promise<Chunk[]> {
  const named = listed.flatMap(({ key, size }) => {
    const [, attempt, number] = NAME.exec(key) ?? [];
    return attempt === undefined ? [] : [{ key, size, attempt, number: Number(number) }];
  });
  const chunks = await atOnce(named, READS, ({ key, size, attempt, number }) =>
    readChunk(store, key, size, attempt, number),
  );
  return chunks.filter((chunk) => chunk !== undefined);
}

async function readChunk(
  store: ObjectStore,
  key: string,
  size: number,
  attempt: string,
  number: number,
): Promise<Chunk | undefined> {
  const damaged: Chunk = { attempt, number, header: undefined, answers: [], damaged: 1 };
  if (size > MOST_BYTES) return damaged;
  try {
    const bytes = await store.find(key);
    return bytes === undefined ? undefined : parseChunk(attempt, number, bytes);
  } catch (error) {
    if (error instanceof LakeError && (error.family === 'internal' || error.family === 'input'))
      return damaged;
    throw error;
  }
}

function isRecorded(value: unknown): value is Recorded {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [request, answer] = value as [unknown, Partial<Completion> | null];
  return (
    typeof request === 'string' &&
    /^[0-9a-f]{64}$/.test(request) &&
    typeof answer === 'object' &&
    answer !== null &&
    typeof answer.text === 'string' &&
    typeof answer.finishReason === 'string' &&
    [answer.promptTokens, answer.completionTokens].every(isCount)
  );
}

function isHeader(value: unknown): value is ChunkHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { round, sent, open, atRisk, wastedTokens } = value as Partial<ChunkHeader>;
  return [round, sent, open, atRisk, wastedTokens].every(isCount);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
