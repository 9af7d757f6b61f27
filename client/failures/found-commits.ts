import type { ScannedSource } from '../../activities/scan/scan-partition.ts';
import type { InstructionData } from '../../activities/template/template-instructions.ts';
import type { StageCommit } from '../../lake/commit.ts';
import { CorruptLake } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';
import { stagePrefix } from '../../lake/layout.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, Reason, RunRef } from '../../workflows/contract.ts';

/** A commit that a listing found, and when it was put: milliseconds since 1970 by the store's clock. */
export interface FoundCommit {
  ref: ObjectRef;
  commit: StageCommit;
  at: number;
}

/** All commits of one stage of one unit, the oldest first. */
export async function commitsUnder(
  store: ObjectStore,
  run: RunRef,
  unit: string,
  stage: string,
): Promise<FoundCommit[]> {
  const found: FoundCommit[] = [];
  for await (const object of store.list(stagePrefix(run, unit, stage))) {
    if (object.key.endsWith('/_commit.json')) found.push(await readFound(store, object));
  }
  return found.sort((a, b) => a.at - b.at || (a.ref.key < b.ref.key ? -1 : 1));
}

/** Throws CorruptLake when what was listed is gone. */
export async function readFound(
  store: ObjectStore,
  { key, modified }: { key: string; modified: number },
): Promise<FoundCommit> {
  const bytes = await store.find(key);
  if (bytes === undefined) {
    throw new CorruptLake('a commit that was listed a moment ago is gone; something deletes from the lake', {
      bucket: store.bucket,
      key,
    });
  }
  const commit = JSON.parse(new TextDecoder().decode(bytes)) as StageCommit;
  return { ref: { key, sha256: sha256(bytes) }, commit, at: modified };
}

/** The sources that failed where their rows were read. */
export function failuresIn({ commit }: FoundCommit): (Reason & { key: string })[] {
  if (commit.stage === 'template') return (commit.data as InstructionData).failures ?? [];
  return (commit.data as ScannedSource[]).flatMap(({ key, failure }) =>
    failure === null ? [] : [{ key, ...failure }],
  );
}
