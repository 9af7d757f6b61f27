import { commitStage, outputOf, readCommit, type StageCommit } from '../../lake/commit.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readTable, writeTable } from '../../lake/table.ts';
import type { CommitPointer, Done, EntryRef, ObjectRef, Pair, RunRef } from '../../workflows/contract.ts';
import { readKept } from '../dedupe/verdicts.ts';
import type { Work } from '../index.ts';
import { resolvePointer } from '../lists.ts';
import { readEntry } from '../plan/activity.ts';
import type { PlanEntry } from '../plan/partitions.ts';
import { checkStage, type RunPins, readPins } from '../plan/pins.ts';
import { type ScannedText, scannedText, TEXT_COLUMNS, TEXTS } from '../scan/texts.ts';
import { openAnswers } from './answers.ts';
import type { Entry } from './entry.ts';
import { runRound, type Told } from './round.ts';
import { type Slot, schedule } from './schedule.ts';

export const ENTRIES = 'entries.parquet';
const ENTRY_COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'part', type: 'int32', nullable: false },
  { name: 'start', type: 'int64', nullable: false },
  { name: 'end', type: 'int64', nullable: false },
  { name: 'slot', type: 'string', nullable: false },
  { name: 'round', type: 'int32', nullable: false },
  { name: 'linked', type: 'boolean', nullable: false },
  { name: 'history', type: 'int32', nullable: false },
  { name: 'setAside', type: 'string' },
  { name: 'request', type: 'string', nullable: false },
  { name: 'completion', type: 'string', nullable: false },
  { name: 'finishReason', type: 'string', nullable: false },
  { name: 'promptTokens', type: 'int32', nullable: false },
  { name: 'completionTokens', type: 'int32', nullable: false },
  { name: 'pairs', type: 'json', nullable: false },
  { name: 'drops', type: 'json', nullable: false },
] as const satisfies readonly ColumnSpec[];

/**
 * Round `round` of one partition: every text of that round is prompted with its slot's history and answered by pairs.
 * The commit picks one answer per text; answers of attempts that died are used again.
 */
export async function synthesizeRound(
  work: Work,
  input: { run: RunRef; entry: EntryRef; round: number; previous: CommitPointer; verdicts: ObjectRef[] },
): Promise<Done> {
  const { store, endpoints } = work;
  const { run, round, verdicts } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'synthesize');
  const entry = await readEntry(store, input.entry);
  const previous = await resolvePointer(store, input.previous);
  const { endpoint, generator, share } = pins.spec.synthesize;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'synthesize',
      version: pins.stages.synthesize,
      unit: entry.id,
      spec: {
        round,
        rounds: pins.spec.synthesize.rounds,
        share,
        seed: pins.spec.seed,
        generator: { ...pins.generator, name: generator },
      },
      inputs: [previous, ...verdicts],
      etags: [],
    },
    async (folder) => {
      const { slots, entries } = await readSlots(store, pins, entry, previous, verdicts);
      const turns = slots
        .filter(({ converted }) => converted)
        .flatMap(({ id, texts }) =>
          texts
            .filter((place) => place.round === round)
            .map(({ text }) => ({ slot: id, round, text, before: told(entries.get(id) ?? [], texts) })),
        );
      const answers = await openAnswers(store, folder);
      let requests = 0;
      const made = await runRound(turns, {
        client: endpoints.client(endpoint),
        answers,
        generator: pins.generator,
        concurrency: endpoints.settings(endpoint).concurrency,
        signal: work.signal,
        onProgress: (more) => {
          requests += more;
        },
      });
      const output = await writeTable(folder, ENTRIES, ENTRY_COLUMNS, made);
      return { outputs: [output], counts: { ...countsOf(made), requests } };
    },
  );
  return { ref, counts: commit.counts };
}

function countsOf(entries: readonly Entry[]): Record<string, number> {
  const sum = (count: (entry: Entry) => number): number =>
    entries.reduce((total, each) => total + count(each), 0);
  return {
    prompted: entries.length,
    pairs: sum(({ pairs }) => pairs.length),
    textsWithPairs: sum(({ pairs }) => (pairs.length > 0 ? 1 : 0)),
    linked: sum(({ linked }) => (linked ? 1 : 0)),
    setAside: sum(({ setAside }) => (setAside === undefined ? 0 : 1)),
    droppedPairs: sum(({ drops }) => Object.values(drops).reduce((total, each) => total + each, 0)),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
  };
}

function told(entries: readonly Entry[], texts: Slot<ScannedText>['texts']): Told[] {
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

function entryOf(row: Row): Entry {
  return {
    id: String(row.id),
    key: String(row.key),
    row: Number(row.row),
    part: Number(row.part),
    start: Number(row.start),
    end: Number(row.end),
    slot: String(row.slot),
    round: Number(row.round),
    linked: row.linked === true,
    history: Number(row.history),
    setAside: row.setAside === null ? undefined : String(row.setAside),
    request: String(row.request),
    completion: String(row.completion),
    finishReason: String(row.finishReason),
    promptTokens: Number(row.promptTokens),
    completionTokens: Number(row.completionTokens),
    pairs: parsed(row.pairs) as Pair[],
    drops: parsed(row.drops) as Record<string, number>,
  };
}

/** JSON columns come back as their text. */
function parsed(cell: unknown): unknown {
  return typeof cell === 'string' ? JSON.parse(cell) : cell;
}
