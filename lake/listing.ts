import { sha256 } from './hash.ts';
import type { ListedObject, ObjectStore } from './store.ts';

/** All objects under a prefix in the order of their keys' UTF-8 bytes: servers over a file system list by folders. */
export async function listInOrder(store: ObjectStore, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

/** What stands for the ETags of many objects in a fingerprint. */
export const digestOf = (objects: readonly ListedObject[]): string =>
  sha256(JSON.stringify(objects.map(({ key, etag }) => [key, etag])));
