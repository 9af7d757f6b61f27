import { outputOf, readCommit, readJson } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { Generation, ListItem } from '../../workflows/contract.ts';
import { readCommits, readItems } from '../lists.ts';
import type { ScannedSource } from '../scan/scan-partition.ts';
import { SETTLED, type SettledSource } from '../settle/excluded.ts';
import type { InstructionData } from '../template/template-instructions.ts';
import type { PlannedSource, SourceFailure } from './partitions.ts';

/** Where a source failed: before it was cut, where its rows were read, or since. */
export type FailedIn = 'plan' | 'scan' | 'later';
export interface FailedBefore extends SourceFailure {
  stage: FailedIn;
}

/** The sources of one input that failed in a generation of a run, by key. */
export async function readFailedBefore(
  store: ObjectStore,
  { scans, documents, settled }: Generation,
  input: string,
  sources: readonly PlannedSource[],
): Promise<Map<string, FailedBefore>> {
  const failed = new Map<string, FailedBefore>();
  function add(key: string, failure: SourceFailure, stage: FailedIn): void {
    const { type, message } = failure;
    if (!failed.has(key)) failed.set(key, { type, message, stage });
  }
  for (const { key, failure } of sources) if (failure !== null) add(key, failure, 'plan');
  const read = async (lists: readonly ListItem[]) =>
    readCommits(
      store,
      lists.flatMap((item) => ('failed' in item ? [] : [item])),
    );
  if (input === 'corpus') {
    for (const { data } of await read(await readItems(store, scans))) {
      for (const { key, failure } of data as ScannedSource[]) if (failure !== null) add(key, failure, 'scan');
    }
  } else {
    for (const { data } of await read(await readItems(store, documents[input] ?? []))) {
      for (const { key, type, message } of (data as InstructionData).failures) {
        // Left out here because it failed in another partition: it failed there where its rows were read.
        add(key, { type, message }, 'scan');
      }
    }
  }
  if (settled === undefined) return failed;
  const late = await readJson<SettledSource[]>(store, outputOf(await readCommit(store, settled), SETTLED));
  for (const { input: name, key, ...failure } of late) if (name === input) add(key, failure, 'later');
  return failed;
}
