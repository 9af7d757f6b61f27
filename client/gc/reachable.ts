import { atOnce } from '../../lake/at-once.ts';
import { commitKey, readCommit, readJson, type StageCommit } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ListItem, ObjectRef } from '../../workflows/contract.ts';

/** Commits that are read at once. */
const READS = 32;

/** What a publication rests on. */
export interface Reachable {
  /** Keys of the folders of fingerprints. */
  folders: Set<string>;
  /** Objects that the publication names beside those of commits: manifest, ledger, shards, segment. */
  named: Set<string>;
}

/** The folder of the fingerprint under which an object of a stage lies; undefined for an object that is none. */
export const folderOf = (key: string): string | undefined =>
  /^(runs\/[^/]+\/[^/]+\/stages\/[^/]+\/[^/]+\/[0-9a-f]{64})\//.exec(key)?.[1];

/**
 * Everything that publications of a run rest on: from the commit of each, the commits and lists that it names, and so on back
 * to the plan; and all objects that the publications name themselves. Throws CorruptLake where something is missing.
 */
export async function reachableFrom(
  store: ObjectStore,
  publications: readonly ObjectRef[],
): Promise<Reachable> {
  const reachable: Reachable = { folders: new Set(), named: new Set() };
  const seen = new Set<string>();
  let next: ObjectRef[] = [];
  for (const publication of publications) {
    reachable.named.add(publication.key);
    for (const key of keysIn(await readJson(store, publication))) {
      reachable.named.add(key);
      const folder = folderOf(key);
      if (folder !== undefined) reachable.folders.add(folder);
      if (!key.endsWith('/segment.json')) continue;
      for (const inner of keysIn(JSON.parse(text(await store.find(key))))) reachable.named.add(inner);
    }
    const folder = folderOf(publication.key);
    if (folder === undefined) continue;
    reachable.folders.add(folder);
    const commit = await readAt(store, commitKey(folder));
    next.push(...commit.inputs);
  }
  while (next.length > 0) {
    const fresh = next.filter(({ key }) => !seen.has(key));
    for (const { key } of fresh) seen.add(key);
    const found = await atOnce(fresh, READS, (ref) => behind(store, ref));
    for (const { key } of fresh) {
      const folder = folderOf(key);
      if (folder !== undefined) reachable.folders.add(folder);
      else reachable.named.add(key);
    }
    next = found.flat();
  }
  return reachable;
}

/** What a commit or a list names further. */
async function behind(store: ObjectStore, ref: ObjectRef): Promise<ObjectRef[]> {
  if (ref.key.endsWith('/_commit.json')) return (await readCommit(store, ref)).inputs;
  if (!ref.key.includes('/lists/')) return [];
  const value = await readJson<unknown>(store, ref);
  if (!Array.isArray(value)) return [];
  return (value as ListItem[]).flatMap((item) => ('failed' in item ? [] : [item]));
}

async function readAt(store: ObjectStore, key: string): Promise<StageCommit> {
  return JSON.parse(text(await store.find(key))) as StageCommit;
}

/** Every `key` anywhere in a document. */
export function keysIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'key' && typeof member === 'string' ? [member] : keysIn(member),
  );
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());
