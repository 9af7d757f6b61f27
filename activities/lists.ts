import { readChecked } from '../lake/commit.ts';
import { canonicalJson, sha256 } from '../lake/hash.ts';
import { listKey } from '../lake/layout.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { CommitPointer, ObjectRef, RunRef } from '../workflows/contract.ts';
import type { Services } from './services.ts';

/** Saves references too many for history, under the hash of the list. Saving the same list again changes nothing. */
export async function saveList(
  { store }: Pick<Services, 'store'>,
  { run, items }: { run: RunRef; items: ObjectRef[] },
): Promise<ObjectRef> {
  const body = canonicalJson(items.map(({ key, sha256 }) => ({ key, sha256 })));
  const hash = sha256(body);
  const key = listKey(run, hash);
  await store.put(key, body, { contentType: 'application/json' });
  return { key, sha256: hash };
}

/** The references of a saved list, in order. */
export async function readList(store: ObjectStore, list: ObjectRef): Promise<ObjectRef[]> {
  return JSON.parse(new TextDecoder().decode(await readChecked(store, list))) as ObjectRef[];
}

/** The references of several lists, one after the other. */
export async function readLists(store: ObjectStore, lists: readonly ObjectRef[]): Promise<ObjectRef[]> {
  return (await Promise.all(lists.map((list) => readList(store, list)))).flat();
}

/** The commit that a pointer means: itself, or one item of its list. */
export async function resolvePointer(store: ObjectStore, pointer: CommitPointer): Promise<ObjectRef> {
  if (pointer.at === undefined) return { key: pointer.key, sha256: pointer.sha256 };
  const item = (await readList(store, pointer))[pointer.at];
  if (item === undefined) throw new RangeError(`${pointer.key} has no item ${pointer.at}`);
  return item;
}
