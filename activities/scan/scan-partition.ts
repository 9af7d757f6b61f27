import { type AttemptFolder, commitStage, type Produced } from '../../lake/commit.ts';
import { writeTable } from '../../lake/table.ts';
import type { Done, EntryRef, ObjectRef, RunRef } from '../../workflows/contract.ts';
import type { ContaminationCounts } from '../benchmarks/contamination.ts';
import { openDecontamination, policiesOf } from '../benchmarks/decontaminate.ts';
import { failsAlone, plainFailure } from '../failure.ts';
import type { SourceFailure, SourceRun } from '../plan/partitions.ts';
import { checkStage, type RunPins, readPins } from '../plan/pins.ts';
import { readEntry, readMaps } from '../plan/read-plan.ts';
import type { EntryMaps } from '../plan/write-input.ts';
import type { Services } from '../services.ts';
import { checksOf } from './check.ts';
import { openFindings } from './findings.ts';
import { scanSource } from './scan-source.ts';
import { type ScannedText, TEXTS, textColumns } from './texts.ts';

/** What scan says of its share of one source. A source that failed anywhere does not exist for the run. */
export interface ScannedSource {
  source: number;
  key: string;
  rows: number;
  texts: number;
  rejects: number;
  rejectReasons: Record<string, number>;
  /** What of evaluation sets was found in it, where some are looked for. */
  contamination?: ContaminationCounts;
  failure: SourceFailure | null;
}
/**
 * Rows of a partition → texts that are valid and pass the checks, with their place in the schedule, rejects with reasons, and the records by which
 * duplicates find each other. A source whose bytes cannot be read fails alone; `lenient`, so does one over which our own
 * code stumbles.
 */
export async function scanPartition(
  services: Services,
  {
    run,
    entry: ref,
    benchmarks,
    lenient,
  }: { run: RunRef; entry: EntryRef; benchmarks?: ObjectRef; lenient?: boolean },
): Promise<Done> {
  const { store } = services;
  const pins = await readPins(store, run);
  checkStage(pins, 'scan');
  const entry = await readEntry(store, ref);
  const { ref: done, commit } = await commitStage(
    store,
    run,
    {
      stage: 'scan',
      version: pins.stages.scan,
      unit: entry.id,
      // Texts and dedupe records name their source by its place in the plan, which moves when objects come or go.
      spec: {
        input: { ...pins.spec.input, partitionBytes: undefined, minAge: undefined },
        ordinals: entry.runs.map(({ source }) => source),
        unicode: pins.unicode,
        near: pins.spec.dedupe.near,
        verify: pins.spec.dedupe.verify === 'exact' ? 'exact' : undefined,
        policies: policiesOf(pins.spec),
        quality: pins.spec.quality,
        lenient,
        again: entry.again,
      },
      inputs: benchmarks === undefined ? [] : [benchmarks],
      etags: entry.runs.map(({ etag }) => etag),
    },
    async (folder) =>
      scanRuns(services, pins, folder, entry.runs, {
        maps: await readMaps(store, ref),
        benchmarks,
        lenient,
      }),
  );
  const sources = commit.data as ScannedSource[];
  return {
    ref: done,
    counts: commit.counts,
    failures: sources.flatMap(({ key, failure }) => (failure === null ? [] : [{ key, ...failure }])),
  };
}

/**
 * Writes what the sources hold as they are read. A source that fails shows it when texts of it are written already: the
 * rest is then only read through, and what is left is written anew.
 */
async function scanRuns(
  services: Services,
  pins: RunPins,
  folder: AttemptFolder,
  runs: readonly SourceRun[],
  {
    maps,
    benchmarks,
    lenient,
  }: { maps: EntryMaps; benchmarks: ObjectRef | undefined; lenient: boolean | undefined },
): Promise<Produced> {
  const failures = new Map<number, SourceFailure>();
  const decontamination = await openDecontamination(services.store, pins.spec, benchmarks);
  for (;;) {
    const known = failures.size;
    const found = openFindings(folder, pins.spec.dedupe);
    const contamination = decontamination?.();
    // Last: what it finds is of texts that would be used.
    const checks = [...checksOf(pins.spec), ...(contamination ? [contamination.document] : [])];
    async function* texts(): AsyncGenerator<ScannedText[]> {
      for (const [i, run] of runs.entries()) {
        if (failures.has(run.source)) continue;
        try {
          const options = { maps: maps[i] ?? [], checks, onReject: found.reject };
          for await (const batch of scanSource(services, pins, run, options)) {
            if (failures.size > known) continue;
            await found.take(batch);
            yield batch;
          }
        } catch (error) {
          if (!failsAlone(error, lenient)) throw error;
          const { type, message } = plainFailure(error);
          failures.set(run.source, { type, message });
        }
      }
    }
    const output = await writeTable(folder, TEXTS, textColumns(pins.spec.input), texts());
    if (failures.size > known) continue;
    return {
      outputs: [
        output,
        ...(await found.finish()),
        ...(contamination ? [await contamination.finish(folder)] : []),
      ],
      counts: found.counts(),
      data: runs.map(({ source, key, rowStart, rowEnd }): ScannedSource => {
        const failure = failures.get(source) ?? null;
        const counts = contamination && { contamination: contamination.counts(key) };
        return { source, key, rows: rowEnd - rowStart, ...found.of(key), ...counts, failure };
      }),
    };
  }
}
