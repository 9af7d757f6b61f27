import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { CpuStage } from '../../../activities/cpu-stages.ts';
import { readCommits, saveList } from '../../../activities/lists.ts';
import { type RunPins, writePins } from '../../../activities/plan/pins.ts';
import { plan } from '../../../activities/plan/plan.ts';
import { openPulse } from '../../../activities/pulse.ts';
import { openShared, servicesOf } from '../../../activities/services.ts';
import type { Settings } from '../../../activities/settings.ts';
import { STAGE_VERSIONS } from '../../../activities/versions.ts';
import type { StageCommit } from '../../../lake/commit.ts';
import { sha256 } from '../../../lake/hash.ts';
import { parseSpec } from '../../../lake/spec.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import { UNICODE_VERSION } from '../../../lake/unicode/normalise.ts';
import { openThreads, runInThread } from '../../../worker/threads.ts';
import type { Done, ObjectRef, PlannedInput, RunRef } from '../../../workflows/contract.ts';
import { watchRss } from './rss.ts';

// What the SDK says of versions of Node is nothing about these stages.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Threads of a worker, by its own default. */
const THREADS = 2;
/** Entries of a list, as a lane saves them. */
const LIST = 250;

/** What a stage took. */
export interface StageFigures {
  stage: string;
  activities: number;
  seconds: number;
  cpuSeconds: number;
  /** Resident memory of the process, in bytes, when the stage began and at most. */
  rssBefore: number;
  rssPeak: number;
  bytesWritten: number;
  counts: Record<string, number>;
}
/** The stages up to the verdicts, run by the worker's threads without a workflow. */
export interface Stages {
  store: ObjectStore;
  run: RunRef;
  plan(): Promise<{ plan: ObjectRef; entries: number; figures: StageFigures }>;
  /** Runs a stage for each of these inputs, two at a time, in threads that are new. */
  each(
    stage: CpuStage,
    inputs: readonly object[],
  ): Promise<{ refs: ObjectRef[]; commits: StageCommit[]; figures: StageFigures }>;
  list(refs: readonly ObjectRef[]): Promise<ObjectRef[]>;
  close(): Promise<void>;
}

/**
 * Opens a run over the column `text` of a prefix, its pins written. What stages took is noted in the folder `notes`: a
 * run that is taken up again finds their commits, and would take no time.
 */
export async function openStages(
  settings: Settings,
  run: RunRef,
  { prefix, notes }: { prefix: string; notes: string },
): Promise<Stages> {
  const shared = openShared(settings);
  const services = servicesOf(shared, openPulse(), new AbortController().signal);
  const { store } = services;
  const pins = await writeDedupePins(store, run, { prefix });

  async function measured<T extends { commits: StageCommit[] }>(
    stage: string,
    work: () => Promise<T>,
  ): Promise<T & { figures: StageFigures }> {
    const watch = watchRss(process.pid, () => stage);
    const rssBefore = process.memoryUsage.rss();
    const began = performance.now();
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    const { samples } = watch.stop();
    const counts: Record<string, number> = {};
    for (const commit of result.commits) {
      for (const [name, count] of Object.entries(commit.counts)) counts[name] = (counts[name] ?? 0) + count;
    }
    const figures: StageFigures = {
      stage,
      activities: result.commits.length,
      seconds: round((performance.now() - began) / 1000),
      cpuSeconds: round((user + system) / 1e6),
      rssBefore,
      rssPeak: Math.max(...samples.map(({ rss }) => rss)),
      bytesWritten: result.commits.flatMap(({ outputs }) => outputs).reduce((sum, { size }) => sum + size, 0),
      counts,
    };
    console.log(`  ${JSON.stringify(figures)}`);
    const note = join(notes, `${run.run}-${sha256(JSON.stringify(result.commits)).slice(0, 16)}.json`);
    if (existsSync(note))
      return { ...result, figures: JSON.parse(readFileSync(note, 'utf8')) as StageFigures };
    writeFileSync(note, JSON.stringify(figures));
    return { ...result, figures };
  }
  return {
    store,
    run,
    async plan() {
      const { ref, commits, figures } = await measured('plan', async () => {
        const planned = await plan(services, pins);
        return { ...planned, commits: [planned.commit] };
      });
      const [corpus] = (commits[0]?.data ?? []) as PlannedInput[];
      return { plan: ref, entries: corpus?.entries ?? 0, figures };
    },
    each: (stage, inputs) =>
      measured(stage, async () => {
        let failed: Error | undefined;
        const threads = openThreads(settings, THREADS, (error) => {
          failed = error;
        });
        const limit = pLimit(THREADS);
        const never = new AbortController().signal;
        const one = (input: object): Promise<Done> =>
          runInThread(threads, { stage, input: { run, ...input }, pulse: openPulse() }, never, 1);
        const done = await Promise.all(inputs.map((input) => limit(() => one(input))));
        await threads.destroy();
        if (failed !== undefined) throw failed;
        const refs = done.map(({ ref }) => ref);
        return { refs, commits: await readCommits(store, refs) };
      }),
    async list(refs) {
      const lists: ObjectRef[] = [];
      for (let i = 0; i < refs.length; i += LIST) {
        lists.push(await saveList({ store }, { run, items: refs.slice(i, i + LIST) }));
      }
      return lists;
    },
    close: async () => shared.store.close(),
  };
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;

/** Writes the pins of a run over the column `text`; nothing of generator and tokenizer is read by the stages up to the verdicts. */
export async function writeDedupePins(
  store: ObjectStore,
  run: RunRef,
  input: { prefix: string; partitionBytes?: number },
): Promise<RunPins> {
  const pins: RunPins = {
    ...run,
    spec: parseSpec({
      domain: run.domain,
      input: { ...input, text: 'text' },
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'default' },
      tokenizer: 'default',
      sequenceLength: 2048,
      mix: { sources: [{ from: 'raw', weight: 1 }] },
    }),
    stages: STAGE_VERSIONS,
    tokenizer: { name: 'default', sha256: '', bos: null, eos: 0, highestId: 0 },
    generator: { name: 'none', model: 'none', window: 0, newTokens: 0, temperature: 0, tokenizer: null },
    judge: null,
    pools: '',
    unicode: UNICODE_VERSION,
  };
  await writePins(store, pins);
  return pins;
}
