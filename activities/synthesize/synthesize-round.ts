import { type AttemptFolder, commitStage } from '../../lake/commit.ts';
import { stagePrefix } from '../../lake/layout.ts';
import { endpointOf } from '../../lake/spec.ts';
import { writeTable } from '../../lake/table.ts';
import type { Activities, Done } from '../../workflows/contract.ts';
import { readKept } from '../dedupe/verdicts.ts';
import { resolvePointer } from '../lists.ts';
import type { PlanEntry } from '../plan/partitions.ts';
import { checkStage, type RunPins, readPins } from '../plan/pins.ts';
import { readEntry } from '../plan/read-plan.ts';
import type { Work } from '../work.ts';
import { openAnswers } from './answers.ts';
import { DROP_COLUMNS, DROPS, dropCounts, droppedFrom } from './drops.ts';
import { countsOf, type Entry } from './entry.ts';
import { ENTRIES, ENTRY_COLUMNS } from './entry-table.ts';
import type { Generator } from './generators/generator.ts';
import { openGenerator } from './generators/open.ts';
import { type GivenTurn, givenRound, parseGiven } from './given.ts';
import { runRound, type Turn } from './round.ts';
import { readSlots, told } from './slots.ts';
import { noUsage, type RoundUsage, usageCounts } from './usage.ts';

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
  const { store, checkCancelled } = work;
  const { run, round } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'synthesize');
  const entry = await readEntry(store, input.entry);
  const previous = await resolvePointer(store, input.previous);
  const kept = await readKept(store, input.verdicts, entry.runs);
  const { generator, share } = pins.spec.synthesize;
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
      async function* turns(): AsyncGenerator<GivenTurn> {
        for await (const { slots, entries } of readSlots(store, pins, kept, previous)) {
          for (const { id, converted, texts } of slots) {
            if (!converted) continue;
            for (const place of texts.filter((each) => each.round === round)) {
              yield { slot: id, round, text: place.text, before: told(entries.get(id) ?? [], texts) };
            }
          }
        }
      }
      const endpoint = endpointOf(pins.spec);
      const { made, parse, used, counts } =
        endpoint === null
          ? await given(turns(), round, checkCancelled)
          : await asked(turns(), round, { work, pins, entry, input, folder, endpoint });
      const outputs = [
        await writeTable(folder, ENTRIES, ENTRY_COLUMNS, made),
        await writeTable(folder, DROPS, DROP_COLUMNS, [...droppedFrom(made, { parse })]),
      ];
      return { outputs, counts: { ...countsOf(made), ...dropCounts(made), ...counts }, data: used };
    },
  );
  return { ref, counts: commit.counts };
}

/** What a round made, how its answers are read, and what it took of an endpoint. */
interface Made {
  made: Entry[];
  parse: Generator['parse'];
  used: RoundUsage;
  counts: Record<string, number>;
}

/** Every text has the pairs that it came with. */
async function given(turns: AsyncIterable<GivenTurn>, round: number, onProgress: () => void): Promise<Made> {
  const made = await givenRound(turns, onProgress);
  const used = { round, usage: noUsage(), shared: 0, reused: made.length };
  return { made, parse: parseGiven, used, counts: usageCounts(used.usage, undefined) };
}

interface Asking {
  work: Work;
  pins: RunPins;
  entry: PlanEntry;
  input: Parameters<Activities['synthesizeRound']>[0];
  folder: AttemptFolder;
  endpoint: string;
}

/** Every text is asked about. */
async function asked(
  turns: AsyncIterable<Turn>,
  round: number,
  { work, pins, entry, input, folder, endpoint }: Asking,
): Promise<Made> {
  const { endpoints, checkCancelled } = work;
  const earlier = (entry.earlier ?? []).map((unit) => stagePrefix(input.run, unit, STAGE));
  const answers = await openAnswers(work, folder, round, earlier);
  const { concurrency, prices } = endpoints.settings(endpoint);
  const client = endpoints.client(endpoint);
  const generator = await openGenerator(pins, work.settings);
  const made = await runRound(turns, {
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
  const used = answers.usage(made);
  const counts = usageCounts(used.usage, prices);
  if (answers.damaged > 0) Object.assign(counts, { damagedAnswers: answers.damaged });
  return { made, parse: (answer) => generator.parse(answer), used, counts };
}
