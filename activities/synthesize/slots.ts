import { outputOf, readCommit, type StageCommit } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readTable } from '../../lake/table.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { readKept } from '../dedupe/verdicts.ts';
import type { PlanEntry } from '../plan/partitions.ts';
import type { RunPins } from '../plan/pins.ts';
import { type ScannedText, scannedText, TEXT_COLUMNS, TEXTS } from '../scan/texts.ts';
import type { Entry } from './entry.ts';
import { ENTRIES, ENTRY_COLUMNS, entryOf } from './entry-table.ts';
import type { Told } from './round.ts';
import { type Slot, schedule } from './schedule.ts';

/** The entries of a slot with the texts they were about. */
export function told(entries: readonly Entry[], texts: Slot<ScannedText>['texts']): Told[] {
  return entries.map((entry) => {
    const place = texts.find(({ text }) => text.row === entry.row && text.key === entry.key);
    return { ...entry, context: sliceBytes(place?.text.text ?? '', entry.start, entry.end) };
  });
}

/** Bytes [start, end) of the UTF-8 of a text. */
export function sliceBytes(text: string, start: number, end: number): string {
  const bytes = Buffer.from(text);
  return start === 0 && end === bytes.length ? text : bytes.toString('utf8', start, end);
}

/** The slots of a partition after dedupe, and the entries that its rounds up to `last` made of them. */
export async function readSlots(
  store: ObjectStore,
  pins: RunPins,
  entry: PlanEntry,
  last: ObjectRef,
  verdicts: readonly ObjectRef[],
): Promise<{ slots: Slot<ScannedText>[]; entries: Map<string, Entry[]> }> {
  const { scan, rounds } = await walkBack(store, last);
  const kept = await readKept(store, verdicts, entry.runs);
  const rows = await readTable(
    store,
    outputOf(scan, TEXTS),
    TEXT_COLUMNS.map(({ name }) => name),
  );
  const texts = rows.map(scannedText).filter(({ source, row }) => kept(source, row));
  const { rounds: count, share } = pins.spec.synthesize;
  const entries = new Map<string, Entry[]>();
  for (const commit of rounds) {
    const names = ENTRY_COLUMNS.map(({ name }) => name);
    for (const row of await readTable(store, outputOf(commit, ENTRIES), names)) {
      const each = entryOf(row);
      const slot = entries.get(each.slot);
      if (slot === undefined) entries.set(each.slot, [each]);
      else slot.push(each);
    }
  }
  return { slots: schedule(texts, { rounds: count, share, seed: pins.spec.seed }), entries };
}

/** From a partition's newest commit back to its scan; rounds come out in order. */
async function walkBack(
  store: ObjectStore,
  last: ObjectRef,
): Promise<{ scan: StageCommit; rounds: StageCommit[] }> {
  const rounds: StageCommit[] = [];
  let commit = await readCommit(store, last);
  while (commit.stage === 'synthesize') {
    rounds.unshift(commit);
    commit = await readCommit(store, commit.inputs[0] as ObjectRef);
  }
  return { scan: commit, rounds };
}
