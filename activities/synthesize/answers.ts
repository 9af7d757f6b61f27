import type { AttemptFolder } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { Completion } from './endpoint/client.ts';

/** Answers held back at most before they are flushed, and for how long (lake.md, "Answers of the endpoint"). */
const CHUNK_ANSWERS = 64;
const CHUNK_MS = 10_000;

/** The answers of one round of one partition, kept in the attempt's folder so that a later attempt asks only for the rest. */
export interface AnswerCache {
  find(request: string): Completion | undefined;
  keep(request: string, answer: Completion): void;
  /** Writes what is held back; rejects with the first failure of any flush. */
  flush(): Promise<void>;
}

/**
 * Opens the cache with what earlier attempts at the same fingerprint left. Only a cache: nothing rests on the listing.
 * New chunks go to `enduring`, so that a cancelled round can still flush.
 */
export async function openAnswers(
  store: ObjectStore,
  enduring: ObjectStore,
  folder: AttemptFolder,
): Promise<AnswerCache> {
  const known = new Map<string, Completion>();
  for await (const { key } of store.list(folder.shared)) {
    if (!/\/answers-\d+\.jsonl$/.test(key)) continue;
    const bytes = await store.find(key);
    for (const [request, answer] of parseChunk(bytes)) if (!known.has(request)) known.set(request, answer);
  }
  let held: string[] = [];
  let chunks = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> = Promise.resolve();

  function writeHeld(): void {
    clearTimeout(timer);
    if (held.length === 0) return;
    const name = `answers-${String(chunks++).padStart(5, '0')}.jsonl`;
    const body = held.join('');
    held = [];
    writing = Promise.all([writing, enduring.put(`${folder.path}/${name}`, body)]);
    // Seen by `flush`; without this a failure before then would end the process.
    writing.catch(() => {});
  }
  return {
    find: (request) => known.get(request),
    keep(request, answer) {
      known.set(request, answer);
      if (held.length === 0) timer = setTimeout(writeHeld, CHUNK_MS);
      held.push(`${JSON.stringify([request, answer])}\n`);
      if (held.length >= CHUNK_ANSWERS) writeHeld();
    },
    async flush() {
      writeHeld();
      await writing;
    },
  };
}

function parseChunk(bytes: Uint8Array | undefined): [string, Completion][] {
  if (bytes === undefined) return [];
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as [string, Completion]);
}
