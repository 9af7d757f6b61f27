import { readJson } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { PublishInput } from '../../workflows/contract.ts';
import type { Publication } from './publication.ts';

/** What a publication was made from: the lists of commits of all phases. Throws CorruptLake. */
export async function readPublishInput(
  store: ObjectStore,
  { provenance }: Pick<Publication, 'provenance'>,
): Promise<PublishInput> {
  return (await readJson<{ input: PublishInput }>(store, provenance)).input;
}
