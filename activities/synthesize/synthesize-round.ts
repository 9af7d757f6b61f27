import { commitStage } from '../../lake/commit.ts';
import { writeTable } from '../../lake/table.ts';
import type { CommitPointer, Done, EntryRef, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { resolvePointer } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readEntry } from '../plan/read-plan.ts';
import type { Work } from '../work.ts';
import { openAnswers } from './answers.ts';
import { countsOf } from './entry.ts';
import { ENTRIES, ENTRY_COLUMNS } from './entry-table.ts';
import { runRound } from './round.ts';
import { readSlots, told } from './slots.ts';

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
