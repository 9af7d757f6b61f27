import { type AttemptFolder, readCommit } from '../../lake/commit.ts';
import { canonicalJson } from '../../lake/hash.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { PublishInput } from '../../workflows/contract.ts';
import type { IndexedSet } from '../benchmarks/index-benchmarks.ts';
import type { ContaminationReport, ManifestCore, Publication } from './publication.ts';

/** Writes what was found of the evaluation sets; nothing where the spec names none. */
export async function writeContamination(
  store: ObjectStore,
  folder: AttemptFolder,
  { benchmarks }: PublishInput,
  { counts }: ManifestCore,
): Promise<Pick<Publication, 'contamination'>> {
  if (benchmarks === undefined || counts.contamination === undefined) return {};
  const { data } = await readCommit(store, benchmarks);
  const report: ContaminationReport = {
    format: 'instruct-lake/contamination@1',
    sets: data as IndexedSet[],
    ...counts.contamination,
  };
  return {
    contamination: await folder.put('contamination.json', canonicalJson(report), 'application/json'),
  };
}
