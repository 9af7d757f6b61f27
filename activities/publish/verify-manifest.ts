import { VerifyFailed } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { PublishInput } from '../../workflows/contract.ts';
import { readPins } from '../plan/pins.ts';
import { STAGE_VERSIONS, type Stage } from '../versions.ts';
import { describeDifference, differences } from './differences.ts';
import { manifestOf, publishedShard } from './manifest.ts';
import type { ManifestCore, Publication } from './publication.ts';
import { readRecords } from './records.ts';

/** Differences that are told; the others are counted. */
const TOLD = 10;

/**
 * Computes a manifest again from the run's commits, and holds it field by field against the one that is published; the shards that the
 * publication names as well. Throws VerifyFailed that names what differs, CorruptLake where a record is missing or is another.
 */
export async function checkManifest(
  store: ObjectStore,
  core: ManifestCore,
  publication: Publication,
  input: PublishInput,
): Promise<string> {
  const stages = Object.keys(STAGE_VERSIONS) as Stage[];
  const others = stages.filter((stage) => core.pins.stages[stage] !== STAGE_VERSIONS[stage]);
  if (others.length > 0) {
    const said = others.map((stage) => `${stage} ${core.pins.stages[stage]}, here ${STAGE_VERSIONS[stage]}`);
    return `not computed again: another release has made the run, and what it committed says other things (stages ${said.join('; ')})`;
  }
  const pins = await readPins(store, publication);
  const records = await readRecords(store, pins, input);
  const { tombstones, manifest } = publication;
  const [stones] = await openCommittedRuns(store, tombstones === undefined ? [] : [tombstones]);
  const computed = {
    manifest: manifestOf(pins, records, stones?.records ?? 0),
    publication: { shards: records.shards.map(publishedShard) },
  };
  const found = differences(
    { manifest: core, publication: { shards: publication.shards } },
    JSON.parse(canonicalJson(computed)),
  );
  if (found.length > 0) {
    const more = found.length > TOLD ? `; and ${found.length - TOLD} fields more` : '';
    throw new VerifyFailed(
      `what the run has committed gives something else: ${found.slice(0, TOLD).map(describeDifference).join('; ')}${more}`,
      { bucket: store.bucket, key: manifest.key },
    );
  }
  const { planned, verdicts, corpus, instructions, shards } = records;
  const sources = planned.reduce((sum, each) => sum + each.sources.length, 0);
  const commits = verdicts.length + corpus.length + instructions.length + shards.length;
  return `computed again from ${sources} planned sources and ${commits} commits, every field is the same`;
}
