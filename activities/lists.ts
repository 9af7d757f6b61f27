import { atOnce } from '../lake/at-once.ts';
import { readCommit, readJson, type StageCommit } from '../lake/commit.ts';
import { Unreachable } from '../lake/errors.ts';
import { canonicalJson, sha256 } from '../lake/hash.ts';
import { listKey } from '../lake/layout.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { CommitPointer, ListItem, ObjectRef, RunRef } from '../workflows/contract.ts';
import type { Services } from './services.ts';

/** Saves what is too much for history, under the hash of the list. Saving the same list again changes nothing. */
export async function saveList(
  { store }: Pick<Services, 'store'>,
  { run, items }: { run: RunRef; items: ListItem[] },
): Promise<ObjectRef> {
  return saveJson(
    store,
    run,
    items.map((item) =>
      'failed' in item ? { failed: item.failed } : { key: item.key, sha256: item.sha256 },
    ),
  );
}

/** Saves a value under the hash of its canonical JSON, beside the lists of a run: the same value is the same object. */
export async function saveJson(store: ObjectStore, run: RunRef, value: unknown): Promise<ObjectRef> {
  const body = canonicalJson(value);
  const hash = sha256(body);
  const key = listKey(run, hash);
  await store.put(key, body, { contentType: 'application/json' });
  return { key, sha256: hash };
}

/** The items of several saved lists, one after the other. */
export async function readItems(store: ObjectStore, lists: readonly ObjectRef[]): Promise<ListItem[]> {
  return (await Promise.all(lists.map((list) => readJson<ListItem[]>(store, list)))).flat();
}

/** The references of several lists in which nothing has failed, one after the other. */
export async function readLists(store: ObjectStore, lists: readonly ObjectRef[]): Promise<ObjectRef[]> {
  return (await readItems(store, lists)).map(committed);
}

/** The commit that a pointer means: itself, or one item of its list. */
export async function resolvePointer(store: ObjectStore, pointer: CommitPointer): Promise<ObjectRef> {
  if (pointer.at === undefined) return { key: pointer.key, sha256: pointer.sha256 };
  const item = (await readItems(store, [pointer]))[pointer.at];
  if (item === undefined) throw new RangeError(`${pointer.key} has no item ${pointer.at}`);
  return committed(item);
}

function committed(item: ListItem): ObjectRef {
  if ('failed' in item) throw new Unreachable(`a partition that failed is read: ${item.failed.message}`);
  return item;
}

/** Commits that are read at once. */
const READS = 16;

/** Commits by their references, in order. */
export function readCommits(store: ObjectStore, refs: readonly ObjectRef[]): Promise<StageCommit[]> {
  return atOnce(refs, READS, (ref) => readCommit(store, ref));
}
