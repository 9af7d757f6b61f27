import { type JudgeFigures, readFigures } from '../../activities/judge/figures.ts';
import { readPins } from '../../activities/plan/pins.ts';
import type { Ledger } from '../../activities/publish/ledger.ts';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { readLedger } from '../../activities/publish/verify-ledger.ts';
import { reasonCounts } from '../../activities/reasons.ts';
import { RunNotFound } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { Mode, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readPublished } from '../published.ts';
import { type Standing, standingOf } from '../standing.ts';

/** What the lake itself holds of a run: its pins, and what it published. */
export interface LakeRecord {
  model: string;
  mode: Mode;
  /** Null before the log of the domain names the run. */
  standing: Standing | null;
  trains: boolean;
  /** Part of the slots that is converted. */
  share: number;
  publication: ObjectRef | null;
  manifest: ManifestCore | null;
  /** What a judge says of a sample of the pairs. */
  judge: JudgeFigures | null;
  ledger: Ledger | null;
}

/** Reads a run's pins, the domain log and the manifest it leads to; undefined when the lake has no such run. */
export async function readLakeRecord(
  store: ObjectStore,
  { domain, run }: RunRef,
): Promise<LakeRecord | undefined> {
  const pins = await readPins(store, { domain, run }).catch((error: unknown) => {
    if (error instanceof RunNotFound) return undefined;
    throw error;
  });
  if (pins === undefined) return undefined;
  const { generator, spec } = pins;
  const base = {
    model: generator.model,
    mode: spec.mode,
    trains: spec.train !== undefined,
    share: spec.synthesize.share,
  };
  const published = await readPublished(store, { domain, run });
  if (published === undefined) {
    const standing = await standingOf(store, { domain, run });
    return { ...base, standing, publication: null, manifest: null, judge: null, ledger: null };
  }
  const { manifest, judge, ledger } = published.publication;
  return {
    ...base,
    standing: 'published',
    publication: published.ref,
    manifest: await readManifest(store, manifest),
    judge: judge === undefined ? null : await readFigures(store, judge),
    ledger: ledger === undefined ? null : await readLedger(store, ledger),
  };
}

/** The counts of a manifest by the names that the query `progress` gives them. */
export function countsOfManifest({
  counts,
  mix,
  shards,
  failedSources,
}: ManifestCore): Record<string, number> {
  const { rows, texts, pairs, usage, documents, instructions } = counts;
  return {
    failedSources: failedSources.length,
    plannedRows: rows.planned,
    failedRows: rows.failed,
    rejects: rows.rejects,
    ...reasonCounts('reject', rows.rejectReasons),
    texts: rows.kept + rows.duplicates,
    duplicates: rows.duplicates,
    nearDuplicates: rows.nearDuplicates,
    prompted: texts.prompted,
    textsWithPairs: texts.withPairs,
    linked: texts.linked,
    setAside: texts.setAside,
    pairs: pairs.valid,
    droppedPairs: pairs.dropped,
    keptPairs: pairs.kept,
    filteredPairs: pairs.valid - pairs.kept,
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    chains: documents.chains,
    documents: documents.made,
    tokens: documents.tokens,
    overlong: documents.overlong,
    instructions: instructions.documents,
    instructionTokens: instructions.tokens,
    rejectedInstructions: instructions.rejects,
    mixedDocuments: documents.mixed,
    mixedTokens: documents.mixedTokens,
    shortfallTokens: mix.reduce((sum, { shortfall }) => sum + shortfall, 0),
    shardDocuments: shards.reduce((sum, each) => sum + each.documents, 0),
    shardTokens: shards.reduce((sum, each) => sum + each.tokens, 0),
    shardBytes: shards.reduce((sum, { bin }) => sum + bin.size, 0),
  };
}
