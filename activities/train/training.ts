import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readJson } from '../../lake/commit.ts';
import { RunNotFound, TrainingFailed } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { publishedRun, readHead } from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { RunRef, Trained, TrainingRef } from '../../workflows/contract.ts';
import type { Publication } from '../publish/publication.ts';
import { readManifest } from '../publish/verify.ts';
import { named } from '../services.ts';
import type { LauncherSettings } from '../settings.ts';
import type { Work } from '../work.ts';
import { commandLauncher } from './command-launcher.ts';
import type { Launcher } from './launcher.ts';

const POLL_MS = 500;
/** Bytes of a shard that are fetched at once. */
const FETCH_BYTES = 16 * 2 ** 20;

/**
 * The training of a run's publication: what it is called, and what it reads. One that ended without success stays as it
 * is, and who asks for the training again gets the next of that publication: a cancelled run can be started again.
 * Throws RunNotFound when nothing is published.
 */
export async function resolveTraining(
  { store, settings, checkCancelled }: Work,
  { run, launcher }: { run: RunRef; launcher: string },
): Promise<TrainingRef> {
  const jobs = launcherOf(named('launcher', launcher, settings.launchers));
  const { entry } = await readHead(store, run.domain);
  const published = publishedRun(entry, run.run);
  if (published === undefined) {
    throw new RunNotFound(
      `run ${run.domain}/${run.run} has published nothing, so there is nothing to train on`,
    );
  }
  const { publication } = published;
  for (let relaunch = 0; ; relaunch++) {
    checkCancelled();
    const name = sha256(canonicalJson({ publication: publication.sha256, launcher, relaunch })).slice(0, 32);
    if ((await jobs.poll(name)).state !== 'failed') return { ...run, launcher, name, publication };
  }
}

/** Puts the shards where the job can map them, and starts it; does nothing when the job is there. */
export async function launchTraining(
  { store, settings, checkCancelled }: Work,
  training: TrainingRef,
): Promise<void> {
  const setting = named('launcher', training.launcher, settings.launchers);
  const publication = await readJson<Publication>(store, training.publication);
  const { pins, dtype, counts } = await readManifest(store, publication.manifest);
  const folder = join(setting.directory, 'shards', training.publication.sha256.slice(0, 32));
  await mkdir(folder, { recursive: true });
  const shards: { bin: string; idx: string }[] = [];
  for (const { name, bin, idx } of publication.shards) {
    const files = { bin: join(folder, `${name}.bin`), idx: join(folder, `${name}.idx`) };
    await fetchFile(store, bin, files.bin, checkCancelled);
    await fetchFile(store, idx, files.idx, checkCancelled);
    shards.push(files);
  }
  checkCancelled();
  await launcherOf(setting).ensure({
    name: training.name,
    input: {
      domain: training.domain,
      run: training.run,
      shards,
      dtype,
      vocabSize: pins.tokenizer.highestId + 1,
      eod: pins.tokenizer.eos,
      tokens: counts.documents.mixedTokens,
    },
  });
}

/** Watches a job to its end. Throws TrainingFailed with its last lines. */
export async function watchTraining(
  { settings, signal, checkCancelled }: Work,
  training: TrainingRef,
): Promise<Trained> {
  const launcher = launcherOf(named('launcher', training.launcher, settings.launchers));
  for (;;) {
    checkCancelled();
    const state = await launcher.poll(training.name);
    switch (state.state) {
      case 'succeeded':
        return {
          name: training.name,
          seconds: state.seconds,
          metrics: state.metrics ?? {},
          output: state.output,
        };
      case 'failed':
        throw new TrainingFailed(
          `training job ${training.name} of ${training.domain}/${training.run} ${state.reason}; its last lines:\n${state.lastLines.join('\n')}`,
        );
      case 'absent':
        throw new TrainingFailed(
          `training job ${training.name} is not known to launcher "${training.launcher}" of this worker; jobs of kind command belong to the machine that started them`,
        );
      case 'running':
        await setTimeout(POLL_MS, undefined, { signal });
    }
  }
}

export async function cancelTraining({ settings }: Work, training: TrainingRef): Promise<void> {
  await launcherOf(named('launcher', training.launcher, settings.launchers)).cancel(training.name);
}

function launcherOf({ command, directory, env }: LauncherSettings): Launcher {
  return commandLauncher({ command, directory, env });
}

/** Fetches an object to a file unless it is there in full; the hash in its name's folder says which publication it is. */
async function fetchFile(
  store: ObjectStore,
  object: { key: string; size: number; sha256: string },
  file: string,
  onChunk: () => void,
): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there?.size === object.size) return;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < object.size; start += FETCH_BYTES) {
      onChunk();
      yield store.get(object.key, { range: [start, Math.min(start + FETCH_BYTES, object.size)] });
    }
  }
  const partial = `${file}.${process.pid}.partial`;
  await writeFile(partial, chunks());
  await rename(partial, file);
}
