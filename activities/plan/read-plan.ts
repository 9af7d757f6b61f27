import { outputOf, readCommit, readJson } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { EntryRef, ObjectRef } from '../../workflows/contract.ts';
import type { PlanEntry, PlannedSource } from './partitions.ts';
import { type EntryMaps, mapsName, PAGE_ENTRIES, pageName, sourcesName } from './write-input.ts';

/** The sources of one input of a plan, in order. */
export async function readSources(
  store: ObjectStore,
  plan: ObjectRef,
  input: string,
): Promise<PlannedSource[]> {
  return readPlanned(store, plan, sourcesName(input)) as Promise<PlannedSource[]>;
}

/** One partition of a plan. */
export async function readEntry(store: ObjectStore, { plan, input, index }: EntryRef): Promise<PlanEntry> {
  const page = (await readPlanned(
    store,
    plan,
    pageName(input, Math.floor(index / PAGE_ENTRIES)),
  )) as PlanEntry[];
  const entry = page[index % PAGE_ENTRIES];
  if (entry === undefined) throw new RangeError(`the plan of ${input} has no entry ${index}`);
  return entry;
}

/** The page maps of one partition, for each of its runs; none where its row groups are whole. */
export async function readMaps(store: ObjectStore, { plan, input, index }: EntryRef): Promise<EntryMaps> {
  const commit = await readCommit(store, plan);
  const name = mapsName(input, Math.floor(index / PAGE_ENTRIES));
  if (!commit.outputs.some((output) => output.name === name)) return [];
  const maps = await readJson<EntryMaps[]>(store, outputOf(commit, name));
  return maps[index % PAGE_ENTRIES] ?? [];
}

/** The first `count` partitions of an input of a plan, in order. */
export async function readEntries(
  store: ObjectStore,
  plan: ObjectRef,
  input: string,
  count: number,
): Promise<PlanEntry[]> {
  const pages: PlanEntry[] = [];
  for (let page = 0; page * PAGE_ENTRIES < count; page++) {
    pages.push(...((await readPlanned(store, plan, pageName(input, page))) as PlanEntry[]));
  }
  return pages;
}

/** All partitions of an input of a plan, in order, each with the page maps of its runs. */
export async function readEntryMaps(
  store: ObjectStore,
  plan: ObjectRef,
  input: string,
): Promise<{ entry: PlanEntry; maps: EntryMaps }[]> {
  const commit = await readCommit(store, plan);
  const named = (name: string) => commit.outputs.find((output) => output.name === name);
  const entries: { entry: PlanEntry; maps: EntryMaps }[] = [];
  for (let page = 0; ; page++) {
    const output = named(pageName(input, page));
    if (output === undefined) return entries;
    const list = await readJson<PlanEntry[]>(store, output);
    const mapped = named(mapsName(input, page));
    const maps = mapped === undefined ? [] : await readJson<EntryMaps[]>(store, mapped);
    entries.push(...list.map((entry, i) => ({ entry, maps: maps[i] ?? [] })));
  }
}

async function readPlanned(store: ObjectStore, plan: ObjectRef, name: string): Promise<unknown> {
  return readJson(store, outputOf(await readCommit(store, plan), name));
}
