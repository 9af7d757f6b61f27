import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../../activities/settings.ts';
import { sampleInstructions, samplePassages, sampleTokenizerPath } from '../../../client/sample/index.ts';
import { createBucket, s3Client } from '../../../client/stack/servers.ts';
import { verifyRun } from '../../../client/verify-run.ts';
import { canonicalJson } from '../../../lake/hash.ts';
import { copyKey, logHintKey } from '../../../lake/layout.ts';
import { checkLog } from '../../../lake/log.ts';
import { nodeArgs } from '../../../lake/node-args.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import { openS3, type S3Settings } from '../../../lake/s3.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import type { IngestResult, IngestSpec, ReplayRequest, RunRef } from '../../../workflows/contract.ts';
import { type Canonical, canonical, putTexts, textSpec } from '../../pipeline.ts';
import type { RunProcessOptions } from '../run-process.ts';
import { INCREMENTAL_VISIBLE_FROM, VISIBLE_FROM } from './point.ts';

const DOMAIN = 'points';
export const RUN: RunRef = { domain: DOMAIN, run: 'r1' };
export const OTHER_RUN: RunRef = { domain: DOMAIN, run: 'r2' };
const FIRST_NIGHT: RunRef = { domain: DOMAIN, run: 'r0' };
/** Two partitions of three texts, one of instructions, two rounds, a judge, a few shards: every kind of write that a run has. */
export const SPEC: IngestSpec = textSpec(DOMAIN, {
  input: { prefix: `raw/${DOMAIN}/`, text: 'text', partitionBytes: 1_024 },
  mix: {
    sources: [
      { from: 'augmented', weight: 3 },
      {
        from: 'instructions',
        prefix: 'raw/general/',
        question: 'instruction',
        answer: 'response',
        weight: 1,
      },
    ],
  },
  shards: { bytes: 4_096 },
  judge: { endpoint: 'default', pairs: 4 },
});

/** A kind of run that is played: by which entries of the log, and the one that makes it visible. */
export interface Kind {
  spec: IngestSpec;
  entries: number;
  visibleFrom: string;
  /** What its domain has before: every object of a bucket, and the run that has published. */
  before?: { run: RunRef; objects: ReadonlyMap<string, Uint8Array> };
}
export const FULL: Kind = { spec: SPEC, entries: 1, visibleFrom: VISIBLE_FROM };
export const INCREMENTAL: Kind = {
  spec: { ...SPEC, mode: 'incremental' },
  entries: 2,
  visibleFrom: INCREMENTAL_VISIBLE_FROM,
};

/** Where cases are played: a store and an endpoint; each case gets a bucket of its own, so that all can have the same names. */
export interface Scene {
  s3: Required<S3Settings>;
  endpoint: string;
  /** A folder for files that hold the store's keys. */
  folder: string;
  /** What kind of run; `full` if it names none. */
  kind?: Kind;
}
/** A bucket with the corpus in it. */
export interface Lake {
  s3: Required<S3Settings>;
  store: ObjectStore & { close(): void };
  kind: Kind;
}

export async function openLake(scene: Scene): Promise<Lake> {
  const s3 = { ...scene.s3, bucket: `points-${randomUUID()}` };
  const client = s3Client(s3);
  await createBucket(client, s3.bucket);
  client.destroy();
  const store = openS3(s3);
  const kind = scene.kind ?? FULL;
  if (kind.before !== undefined) {
    for (const [key, body] of kind.before.objects) await store.put(key, body);
    return { s3, store, kind };
  }
  const texts = samplePassages().map((passage) => passage.text);
  await putTexts(store, `raw/${DOMAIN}/a.parquet`, texts.slice(0, 3));
  await putTexts(store, `raw/${DOMAIN}/b.parquet`, texts.slice(3, 6));
  const pairs = sampleInstructions().slice(0, 8);
  const columns = (['instruction', 'response'] as const).map((name) => ({
    name,
    type: 'string' as const,
    data: pairs.map((pair) => pair[name]),
  }));
  await store.put('raw/general/a.parquet', parquetBytes(columns));
  return { s3, store, kind };
}

/**
 * A night behind another one: a newer version of a file, in which a text is another and one is gone, and a file that repeats
 * texts of the first night.
 */
export async function secondNight(scene: Scene): Promise<Kind> {
  const first = { ...scene, kind: INCREMENTAL };
  const { s3, store } = await openLake(first);
  try {
    await resultOf(startRun(first, s3, FIRST_NIGHT));
    const texts = samplePassages().map((passage) => passage.text);
    await putTexts(store, `raw/${DOMAIN}/a.parquet`, [texts[0] ?? '', texts[6] ?? '']);
    await putTexts(store, `raw/${DOMAIN}/c.parquet`, [texts[4] ?? '', texts[7] ?? '', texts[0] ?? '']);
    const objects = new Map<string, Uint8Array>();
    for await (const { key } of store.list('')) objects.set(key, await store.get(key));
    return { ...INCREMENTAL, before: { run: FIRST_NIGHT, objects } };
  } finally {
    store.close();
  }
}

/** What a worker is told; its store is the one it gets, mostly a proxy in front of ours. */
export function settingsOf(scene: Scene, s3: Required<S3Settings>): Settings {
  const endpoint = {
    urls: [scene.endpoint],
    concurrency: 4,
    timeoutMs: 60_000,
    window: 4096,
    newTokens: 400,
  };
  return {
    lake: s3,
    endpoints: { default: endpoint },
    tokenizers: { default: { file: sampleTokenizerPath(), bos: 'none', eos: '<|end|>' } },
    launchers: {},
  };
}

export interface RunningProcess {
  child: ChildProcess;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}
/** A program of `test/faults` in a process of its own; its input is a file. */
export function startProcess(scene: Scene, program: string, input: object): RunningProcess {
  const file = join(mkdtempSync(join(scene.folder, 'process-')), 'input.json');
  writeFileSync(file, JSON.stringify(input), { mode: 0o600 });
  const path = fileURLToPath(new URL(`../${program}`, import.meta.url));
  const child = spawn(process.execPath, [...nodeArgs(), path, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = once(child, 'exit').then(async (end) => {
    const [code, signal] = end as [number | null, NodeJS.Signals | null];
    const [stdout, stderr] = await said;
    return { code, signal, stdout, stderr };
  });
  return { child, ended };
}

/** A whole run in a process of its own, on this store. */
export function startRun(
  scene: Scene,
  s3: Required<S3Settings>,
  run: RunRef = RUN,
  replay?: ReplayRequest,
): RunningProcess {
  const options: RunProcessOptions = {
    settings: settingsOf(scene, s3),
    run,
    spec: (scene.kind ?? FULL).spec,
    ...(replay && { replay }),
  };
  return startProcess(scene, 'run-process.ts', options);
}

/** The result of a process that has done a run. Throws what it printed when it did not end well. */
export async function resultOf({ ended }: RunningProcess): Promise<IngestResult> {
  const { code, stdout, stderr } = await ended;
  if (code !== 0) throw new Error(`the run did not end well:\n${stderr}`);
  return JSON.parse(stdout) as IngestResult;
}

/** A run that nobody disturbs, in a process of its own. */
export const finishRun = (scene: Scene, s3: Required<S3Settings>): Promise<IngestResult> =>
  resultOf(startRun(scene, s3));

/** What is visible of a run: nothing, or a publication that verifies to the last token. Anything else throws. */
export async function visible(
  { store }: Pick<Lake, 'store'>,
  run: RunRef = RUN,
): Promise<'nothing' | 'all of it'> {
  const { entry } = await checkLog(store, run.domain);
  if (!entry.published.some((each) => each.run === run.run)) return 'nothing';
  const wrong = (await verifyRun(store, run, () => {})).filter(({ ok }) => !ok);
  if (wrong.length > 0) throw new Error(`what is visible does not verify: ${JSON.stringify(wrong)}`);
  return 'all of it';
}

/** Throws unless a lake holds these runs once each, whole, equal to the run that nothing happened to. */
export async function checkResult(
  { store, kind }: Lake,
  undisturbed: Canonical,
  runs: readonly RunRef[] = [RUN],
): Promise<void> {
  const { entry } = await checkLog(store, DOMAIN);
  const published = entry.published.map((each) => each.run).sort();
  const before = kind.before === undefined ? [] : [kind.before.run];
  const all = [...before, ...runs];
  same('the log names', published, all.map(({ run }) => run).sort());
  same('entries of the log', entry.number, all.length * kind.entries);
  for (const run of runs) {
    same(`visible of ${run.run}`, await visible({ store }, run), 'all of it');
    same(`the canonical objects of ${run.run}`, await canonical(store, run), undisturbed);
    // One that is started anew and finds itself published leaves it at that; with Temporal the activity would be tried again.
    if (kind.spec.mode !== 'incremental')
      same('the copy for people', (await store.head(copyKey(run, 'manifest.json'))) !== undefined, true);
  }
  // Only a hint, and a crash may leave it behind; it never points past the head.
  const hint = await store.find(logHintKey(DOMAIN));
  if (hint !== undefined) {
    const { number } = JSON.parse(new TextDecoder().decode(hint)) as { number: number };
    same('the hint is within the log', number <= entry.number, true);
  }
}

export function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [canonicalJson(found), canonicalJson(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
}
