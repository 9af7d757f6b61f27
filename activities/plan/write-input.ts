import type { AttemptFolder, Output } from '../../lake/commit.ts';
import type { PageMap } from '../../lake/parquet/page-map.ts';
import type { PlannedInput } from '../../workflows/contract.ts';
import type { PlanEntry, PlannedSource } from './partitions.ts';

/** Entries of one page, and so of one lane. */
export const PAGE_ENTRIES = 250;

export const pageName = (input: string, index: number): string =>
  `${input}-${String(index).padStart(5, '0')}.json`;
/** Where rows begin in the large row groups of a page's entries; only where there are any. */
export const mapsName = (input: string, index: number): string =>
  pageName(input, index).replace('.json', '-maps.json');
/** For each run of an entry the page maps of its rows. */
export type EntryMaps = PageMap[][];
export const sourcesName = (input: string): string => `${input}-sources.json`;

/** One input of a plan: its partitions, each with the page maps of its runs, and its sources. */
export interface InputPlan {
  name: string;
  entries: { entry: PlanEntry; maps: EntryMaps }[];
  sources: PlannedSource[];
  /** Objects under the prefix that are not Parquet by name. */
  ignored: number;
}

/** Writes an input of a plan in pages. */
export async function writeInput(
  folder: AttemptFolder,
  { name, entries, sources, ignored }: InputPlan,
): Promise<{ outputs: Output[]; planned: PlannedInput }> {
  const outputs: Output[] = [];
  for (const [index, page] of pagesOf(entries).entries()) {
    const list = page.map(({ entry }) => entry);
    outputs.push(await folder.put(pageName(name, index), JSON.stringify(list), 'application/json'));
    const maps = page.map((each) => each.maps);
    if (maps.flat(2).length === 0) continue;
    outputs.push(await folder.put(mapsName(name, index), JSON.stringify(maps), 'application/json'));
  }
  outputs.push(await folder.put(sourcesName(name), JSON.stringify(sources), 'application/json'));
  const planned = {
    name,
    entries: entries.length,
    sources: sources.length,
    rows: sources.reduce((sum, { rows }) => sum + rows, 0),
    failed: sources.filter(({ failure }) => failure !== null).length,
    ignored,
  };
  return { outputs, planned };
}

function pagesOf<T>(entries: readonly T[]): T[][] {
  const pages: T[][] = [];
  for (let i = 0; i < entries.length; i += PAGE_ENTRIES) pages.push(entries.slice(i, i + PAGE_ENTRIES));
  return pages;
}
