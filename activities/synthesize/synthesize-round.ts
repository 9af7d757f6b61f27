import { commitStage } from '../../lake/commit.ts';
import { stagePrefix } from '../../lake/layout.ts';
import { writeTable } from '../../lake/table.ts';
import type { Activities, Done } from '../../workflows/contract.ts';
import { readKept } from '../dedupe/verdicts.ts';
import { resolvePointer } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readEntry } from '../plan/read-plan.ts';
import type { Work } from '../work.ts';
import { openAnswers } from './answers.ts';
import { DROP_COLUMNS, DROPS, dropCounts, droppedFrom } from './drops.ts';
import { countsOf } from './entry.ts';
import { ENTRIES, ENTRY_COLUMNS } from './entry-table.ts';
import { openGenerator } from './generators/open.ts';
import { runRound, type Turn } from './round.ts';
import { readSlots, told } from './slots.ts';
import { usageCounts } from './usage.ts';

const STAGE = 'synthesize';

/**
 * Round `round` of one partition: every text of that round is prompted with its slot's history and answered by pairs.
 * The commit picks one answer per text; answers of attempts that died are used again, and
 * after a replay those that texts of its sources got before.
 */
export async function synthesizeRound(
  work: Work,
  input: Parameters<Activities['synthesizeRound']>[0],
): Promise<Done> {
  const { store, endpoints, checkCancelled } = work;
  const { run, round } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'synthesize');
  const entry = await readEntry(store, input.entry);
  const previous = await resolvePointer(store, input.previous);
  const kept = await readKept(store, input.verdicts, entry.runs);
  const { endpoint, generator, share } = pins.spec.synthesize;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: STAGE,
      version: pins.stages.synthesize,
      unit: entry.id,
      spec: {
        round,
        rounds: pins.spec.synthesize.rounds,
        share,
        seed: pins.spec.seed,
        generator: { ...pins.generator, name: generator },
        kept: kept.digest,
      },
      inputs: [previous],
      etags: [],
    },
    async (folder) => {
      async function* turns(): AsyncGenerator<Turn> {
        for await (const { slots, entries } of readSlots(store, pins, kept, previous)) {
          for (const { id, converted, texts } of slots) {
            if (!converted) continue;
            for (const place of texts.filter((each) => each.round === round)) {
              yield { slot: id, round, text: place.text, before: told(entries.get(id) ?? [], texts) };
            }
          }
        }
      }
      const earlier = (entry.earlier ?? []).map((unit) => stagePrefix(run, unit, STAGE));
      const answers = await openAnswers(work, folder, round, earlier);
      const { concurrency, prices } = endpoints.settings(endpoint);
      const client = endpoints.client(endpoint);
      const generator = await openGenerator(pins, work.settings);
      const made = await runRound(turns(), {
        // What is still answered to a cancelled round is kept.
        client: answers.metered({
          complete: (call, signal) =>
            client.complete(call, signal).finally(() => work.signal.aborted || checkCancelled()),
        }),
        answers,
        generator,
        pin: pins.generator,
        concurrency: Math.min(concurrency, input.concurrency ?? Number.POSITIVE_INFINITY),
        signal: work.signal,
        onProgress: checkCancelled,
      });
      const outputs = [
        await writeTable(folder, ENTRIES, ENTRY_COLUMNS, made),
        await writeTable(folder, DROPS, DROP_COLUMNS, [...droppedFrom(made, generator)]),
      ];
      const used = answers.usage(made);
      const counts = { ...countsOf(made), ...dropCounts(made), ...usageCounts(used.usage, prices) };
      if (answers.damaged > 0) Object.assign(counts, { damagedAnswers: answers.damaged });
      return { outputs, counts, data: used };
    },
  );
  return { ref, counts: commit.counts };
}
