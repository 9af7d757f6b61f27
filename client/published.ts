import type { Publication } from '../activities/publish/publication.ts';
import { readJson } from '../lake/commit.ts';
import { RunNotFound } from '../lake/errors.ts';
import { publishedRun, readHead } from '../lake/log.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { ObjectRef, RunRef } from '../workflows/contract.ts';

/** What a run has published, by the log of its domain; undefined when that is nothing. */
export async function readPublished(
  store: ObjectStore,
  { domain, run }: RunRef,
): Promise<{ ref: ObjectRef; publication: Publication } | undefined> {
  const { entry } = await readHead(store, domain);
  const ref = publishedRun(entry, run)?.publication;
  return ref && { ref, publication: await readJson<Publication>(store, ref) };
}

/** The same; throws RunNotFound where that is nothing. */
export async function requirePublished(
  store: ObjectStore,
  run: RunRef,
): Promise<{ ref: ObjectRef; publication: Publication }> {
  const published = await readPublished(store, run);
  if (published === undefined) throw new RunNotFound(`run ${run.domain}/${run.run} has published nothing`);
  return published;
}
