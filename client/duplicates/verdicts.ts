import { DUPLICATES } from '../../activities/dedupe/duplicates.ts';
import { readItems } from '../../activities/lists.ts';
import { findCommit, type Output, outputOf, type StageCommit } from '../../lake/commit.ts';
import { CorruptLake } from '../../lake/errors.ts';
import { stagePrefix } from '../../lake/layout.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readPublished } from '../published.ts';

/** Where the verdicts of a run are. */
export interface FoundVerdicts {
  /** The table for people. */
  table: Output;
  published: boolean;
}

/**
 * The verdicts that a run published, or those of the newest commit while it has not (it goes on, it failed). Undefined
 * before there are any.
 */
export async function findVerdicts(store: ObjectStore, run: RunRef): Promise<FoundVerdicts | undefined> {
  const published = await readPublished(store, run);
  const table = published?.publication.duplicates;
  if (table !== undefined) return { table, published: true };
  const commits: ListedObject[] = [];
  for await (const object of store.list(stagePrefix(run, 'global', 'dedupe'))) {
    if (object.key.endsWith('/_commit.json')) commits.push(object);
  }
  for (const { key } of commits.reverse().sort((a, b) => b.modified - a.modified)) {
    const commit = await findCommit(store, key);
    if (commit === undefined) continue;
    return { table: outputOf(commit, DUPLICATES), published: published !== undefined };
  }
  return undefined;
}

/** What the verdicts of a table rest on: the plan, and the commits of the scans by their partitions. Throws CorruptLake. */
export async function readBehind(
  store: ObjectStore,
  table: Output,
): Promise<{ plan: ObjectRef; scans: Map<string, ObjectRef> }> {
  // …/dedupe/<fp>/<attempt>/duplicates.parquet: its commit stands beside the attempts.
  const key = `${table.key.split('/').slice(0, -2).join('/')}/_commit.json`;
  const commit = await parseCommit(store, key);
  const where = { bucket: store.bucket, key };
  if (outputOf(commit, DUPLICATES).sha256 !== table.sha256)
    throw new CorruptLake('the commit of the verdicts names another table of them', where);
  const plan = commit.inputs.find((input) => input.key.includes('/stages/global/plan/'));
  if (plan === undefined) throw new CorruptLake('the commit of the verdicts names no plan', where);
  const lists = commit.inputs.filter((input) => input.key.includes('/lists/'));
  const scans = new Map<string, ObjectRef>();
  for (const item of await readItems(store, lists)) {
    if ('failed' in item) continue;
    const [, unit] = /\/stages\/([^/]+)\/scan\//.exec(item.key) ?? [];
    if (unit !== undefined) scans.set(unit, item);
  }
  return { plan, scans };
}

async function parseCommit(store: ObjectStore, key: string): Promise<StageCommit> {
  const bytes = await store.find(key);
  if (bytes === undefined)
    throw new CorruptLake('the commit of the verdicts is missing', { bucket: store.bucket, key });
  return JSON.parse(new TextDecoder().decode(bytes)) as StageCommit;
}
