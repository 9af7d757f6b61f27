import { outputOf, readCommit, type StageCommit } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import type { KeptRows } from '../dedupe/verdicts.ts';
import type { RunPins } from '../plan/pins.ts';
import { type ScannedText, scannedText, TEXTS, textColumns } from '../scan/texts.ts';
import type { Entry } from './entry.ts';
import { readEntries } from './entry-table.ts';
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

/** Slots of one block, with what the rounds so far made of each. */
export interface SlotBlock {
  slots: Slot<ScannedText>[];
  entries: ReadonlyMap<string, Entry[]>;
}

/**
 * The slots of a partition after dedupe, block by block, and the entries that its rounds up to `last` made of them. The
 * entries are held, the texts of one block at a time.
 */
export async function* readSlots(
  store: ObjectStore,
  pins: RunPins,
  kept: KeptRows,
  last: ObjectRef,
): AsyncGenerator<SlotBlock> {
  const { scan, rounds } = await walkBack(store, last);
  const { rounds: count, share } = pins.spec.synthesize;
  const entries = new Map<string, Entry[]>();
  for await (const some of readEntries(store, rounds)) {
    for (const each of some) {
      const slot = entries.get(each.slot);
      if (slot === undefined) entries.set(each.slot, [each]);
      else slot.push(each);
    }
  }
  const slotsOf = (texts: readonly ScannedText[]): SlotBlock => ({
    slots: schedule(texts, { rounds: count, share, seed: pins.spec.seed }),
    entries,
  });
  let block: ScannedText[] = [];
  for await (const rows of readBatches(
    store,
    outputOf(scan, TEXTS),
    textColumns(pins.spec.input).map(({ name }) => name),
  )) {
    for (const text of rows.map(scannedText)) {
      const [first] = block;
      if (first !== undefined && (first.block !== text.block || first.source !== text.source)) {
        yield slotsOf(block);
        block = [];
      }
      if (kept.has(text.source, text.row)) block.push(text);
    }
  }
  yield slotsOf(block);
}

/** From a partition's newest commit back to its scan; rounds come out in order. */
export async function walkBack(
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
