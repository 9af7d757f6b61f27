import { readEntries } from '../../activities/plan/read-plan.ts';
import { TEXTS } from '../../activities/scan/texts.ts';
import { outputOf, readCommit } from '../../lake/commit.ts';
import { groupBy } from '../../lake/group-by.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { PlannedInput } from '../../workflows/contract.ts';
import type { DocumentRef } from './duplicate.ts';
import { type FoundVerdicts, findVerdicts, readBehind } from './verdicts.ts';

/** A text for people. */
export interface ShownText {
  /** Its beginning. */
  text: string;
  /** Of the whole, in UTF-16 code units. */
  characters: number;
}
/** Code units of a text that are shown: a few pages. */
export const SHOWN = 16_384;

/** The texts of documents by `nameOf`, as the scans of their runs left them; those that are not found are left out. */
export async function readTexts(
  store: ObjectStore,
  domain: string,
  wanted: readonly DocumentRef[],
): Promise<Map<string, ShownText>> {
  const texts = new Map<string, ShownText>();
  for (const [run, documents] of groupBy(wanted, (each) => each.run)) {
    const verdicts = await findVerdicts(store, { domain, run });
    if (verdicts !== undefined) await readOfRun(store, verdicts, documents, texts);
  }
  return texts;
}

export const nameOf = ({ run, key, row }: DocumentRef): string => `${run}/${key}:${row}`;

/** Reads each partition that holds some of the documents once, and keeps those alone. */
async function readOfRun(
  store: ObjectStore,
  { table }: FoundVerdicts,
  documents: readonly DocumentRef[],
  texts: Map<string, ShownText>,
): Promise<void> {
  const { plan, scans } = await readBehind(store, table);
  const inputs = (await readCommit(store, plan)).data as PlannedInput[];
  const count = inputs.find(({ name }) => name === 'corpus')?.entries ?? 0;
  const bySource = groupBy(documents, ({ key }) => key);
  for (const { id, runs } of await readEntries(store, plan, 'corpus', count)) {
    const here = runs.flatMap(({ key, rowStart, rowEnd }) =>
      (bySource.get(key) ?? []).filter(({ row }) => row >= rowStart && row < rowEnd),
    );
    const scan = scans.get(id);
    if (here.length === 0 || scan === undefined) continue;
    const names = new Map(here.map((each) => [`${each.key}:${each.row}`, nameOf(each)]));
    const output = outputOf(await readCommit(store, scan), TEXTS);
    for await (const rows of readBatches(store, output, ['key', 'row', 'text'])) {
      for (const row of rows) {
        const name = names.get(`${row.key}:${row.row}`);
        if (name === undefined) continue;
        const text = String(row.text);
        texts.set(name, { text: ofItsOwn(text.slice(0, SHOWN)), characters: text.length });
      }
    }
  }
}

/** A part of a text without the whole behind it, which would stay in memory. */
const ofItsOwn = (part: string): string => Buffer.from(part, 'utf16le').toString('utf16le');
