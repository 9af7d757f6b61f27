import { readJson } from '../../lake/commit.ts';
import { publishedRun, readHead } from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { Generation, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readPublishInput } from '../publish/provenance.ts';
import type { ManifestCore, Publication } from '../publish/publication.ts';

/** The generation of a run that is published, what it rests on, and how many sources it is without. */
export async function readGeneration(
  store: ObjectStore,
  { domain, run }: RunRef,
): Promise<{ generation: number; left: Generation; without: number } | undefined> {
  const published = publishedRun((await readHead(store, domain)).entry, run);
  if (published === undefined) return undefined;
  const publication = await readJson<Publication>(store, published.publication);
  const { plan, scans, documents, settled } = await readPublishInput(store, publication);
  const left = { plan, scans, documents, ...(settled && { settled }) };
  const { failedSources } = await readJson<ManifestCore>(store, publication.manifest);
  return { generation: published.generation, left, without: failedSources.length };
}

/** The publication of a run that has been replayed: it stands when the run is started again. */
export async function replayedPublication(
  store: ObjectStore,
  { domain, run }: RunRef,
): Promise<ObjectRef | undefined> {
  const published = publishedRun((await readHead(store, domain)).entry, run);
  return published === undefined || published.generation === 1 ? undefined : published.publication;
}
