import { CorruptLake, StoreUnavailable } from '../errors.ts';
import { canonicalJson, sha256 } from '../hash.ts';
import { logHintKey, logKey } from '../layout.ts';
import type { ObjectStore } from '../store.ts';
import type { LogEntry, LogState } from './entry.ts';

export interface LogHead {
  entry: LogEntry;
  sha256: string;
}

const EMPTY: LogHead = {
  entry: { number: 0, previous: '', open: null, published: [], tombstones: [] },
  sha256: '',
};

/** The newest entry of a domain's log, found by probing upward from the hint; number 0 and an empty hash before the first. */
export async function readHead(store: ObjectStore, domain: string): Promise<LogHead> {
  let head = (await readEntry(store, domain, await readHint(store, domain))) ?? EMPTY;
  for (;;) {
    const next = await readEntry(store, domain, head.entry.number + 1);
    if (next === undefined) return head;
    head = next;
  }
}

/**
 * Appends what `change` makes of the head: a compare-and-swap by If-None-Match on the next number. `change` answers
 * undefined when the log already contains it, and throws when its preconditions do not hold.
 */
export async function append(
  store: ObjectStore,
  domain: string,
  change: (state: LogEntry) => LogState | undefined,
): Promise<LogHead> {
  for (;;) {
    const head = await readHead(store, domain);
    const state = change(head.entry);
    if (state === undefined) return head;
    const entry: LogEntry = { ...state, number: head.entry.number + 1, previous: head.sha256 };
    const body = canonicalJson(entry);
    const key = logKey(domain, entry.number);
    if ((await store.put(key, body, { ifNoneMatch: true, contentType: 'application/json' })) === 'written') {
      await leaveHint(store, domain, entry.number);
      return { entry, sha256: sha256(body) };
    }
    // Somebody appended first (or an earlier try of ours got through): look again.
  }
}

/** Reads every entry from 1 to the head and checks numbers and the chain of hashes. Throws CorruptLake. */
export async function checkLog(store: ObjectStore, domain: string): Promise<LogHead> {
  let head = EMPTY;
  for await (const next of readLog(store, domain)) head = next;
  return head;
}

/** Every entry from 1 to the head, each checked against the one before it. Throws CorruptLake. */
export async function* readLog(store: ObjectStore, domain: string): AsyncGenerator<LogHead> {
  let head = EMPTY;
  for (;;) {
    const next = await readEntry(store, domain, head.entry.number + 1);
    if (next === undefined) return;
    if (next.entry.previous !== head.sha256 || next.entry.number !== head.entry.number + 1) {
      throw new CorruptLake('the domain log is broken: an entry does not follow the one before it', {
        bucket: store.bucket,
        key: logKey(domain, head.entry.number + 1),
      });
    }
    yield next;
    head = next;
  }
}

async function readEntry(store: ObjectStore, domain: string, number: number): Promise<LogHead | undefined> {
  if (number < 1) return undefined;
  const bytes = await store.find(logKey(domain, number));
  if (bytes === undefined) return undefined;
  return { entry: JSON.parse(new TextDecoder().decode(bytes)) as LogEntry, sha256: sha256(bytes) };
}

/** Whoever finds no hint, or an old one, probes from further below: the entry is in, with it or without. */
async function leaveHint(store: ObjectStore, domain: string, number: number): Promise<void> {
  try {
    await store.put(logHintKey(domain), canonicalJson({ number }));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}

/** A store may give a mixture of two hints while one is written over the other: that is none. */
async function readHint(store: ObjectStore, domain: string): Promise<number> {
  const bytes = await store.find(logHintKey(domain)).catch((error: unknown) => {
    if (error instanceof CorruptLake) return undefined;
    throw error;
  });
  if (bytes === undefined) return 0;
  try {
    const { number } = JSON.parse(new TextDecoder().decode(bytes)) as { number?: unknown };
    return typeof number === 'number' && Number.isSafeInteger(number) ? number : 0;
  } catch {
    return 0;
  }
}
