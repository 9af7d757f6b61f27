// tier: ci — a worker stopped past its heartbeat time-out and continued when another has finished the run changes nothing, in four stages

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { checkLog } from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { attemptsOf } from '../executions.ts';
import { DOMAIN, putCorpus, spec } from '../faults/kill.ts';
import type { Passing } from '../gate.ts';
import { canonical } from '../pipeline.ts';
import { must, until } from './lib.ts';
import { openScene, type Scene } from './parts/scene.ts';

/** Where each is stopped: when the store has taken the object, and before the worker knows; its further writes, or its commit, are to come. */
const STAGES = [
  { activity: 'scanPartition', stage: 'scan', stopped: /\/scan\/.*\/texts\.parquet$/ },
  { activity: 'synthesizeRound', stage: 'synthesize', stopped: /\/synthesize\/.*\/entries\.parquet$/ },
  { activity: 'buildShard', stage: 'shards', stopped: /\/shards\/.*\.idx$/ },
  { activity: 'publishRun', stage: 'publish', stopped: /\/publish\/.*\/publication\.json$/ },
];
const RUN = { domain: DOMAIN, run: 'r1' };
/** The heartbeat time-out, thrice: what a stopped worker has asked for may still be given to it. */
const FINISHED_SECONDS = 240;

await Promise.all(STAGES.map(zombieIn));

async function zombieIn({ activity, stage, stopped }: (typeof STAGES)[number]): Promise<void> {
  const scene = await openScene(`zombie-${stage}`);
  try {
    await putCorpus(scene.store);
    const zombie = await scene.startWorker();
    const attempt = stopAt(scene, zombie, stopped);
    const id = await scene.start(spec, RUN.run);
    const folder = await attempt;
    const saviour = await scene.startWorker();
    await until(`the run without its worker stopped in ${activity}`, FINISHED_SECONDS, async () => {
      const { status } = await scene.client.workflow.getHandle(id).describe();
      return status.name === 'RUNNING' ? undefined : status.name;
    });
    await scene.client.workflow.getHandle(id).result();
    const attempts = Math.max(...((await attemptsOf(scene.client, id))[activity] ?? []));
    must(
      attempts >= 2,
      `${activity}: its worker was stopped, another finished the run in attempt ${attempts}`,
    );
    await end(saviour);

    const before = await lakeOf(scene.store);
    const woken = scene.gate.passed.length;
    zombie.kill('SIGCONT');
    const late = await settled(scene, woken);
    const after = await lakeOf(scene.store);
    for (const [key, etag] of Object.entries(before.objects)) {
      if (after.objects[key] !== etag)
        throw new Error(`NOT SO: ${key} is as it was before the zombie of ${activity}`);
    }
    const added = Object.keys(after.objects).filter((key) => !(key in before.objects));
    const named = added.filter(
      (key) => !key.startsWith(folder) || after.records.some((text) => text.includes(key)),
    );
    const wrote = late.filter(({ method }) => method === 'PUT' || method === 'POST').length;
    const commit = late.find(({ method, key }) => method === 'PUT' && key.endsWith('/_commit.json'))?.status;
    must(
      named.length === 0,
      `${activity}: awake again it sent ${wrote} writes, ${added.length} new objects, all in a folder that nothing names; ${commit === undefined ? 'it did not come to its commit' : `its commit was answered with ${commit}`}`,
    );
    must(
      JSON.stringify([after.shown, after.log, after.records]) ===
        JSON.stringify([before.shown, before.log, before.records]),
      `${activity}: canonical objects, log and commits are the same as before it woke`,
    );

    await scene.client.workflow.getHandle(await scene.start(spec, 'undisturbed')).result();
    must(
      JSON.stringify(await canonical(scene.store, { ...RUN, run: 'undisturbed' })) ===
        JSON.stringify(after.shown),
      `${activity}: they are those of an undisturbed run, which the zombie has done`,
    );
    await end(zombie);
  } finally {
    await scene.close();
  }
}

/** Stops a worker when the store has taken such an object, before it has its answer; the folder of the attempt. */
function stopAt({ gate }: Scene, worker: ChildProcess, object: RegExp): Promise<string> {
  return new Promise((resolve) => {
    gate.after = ({ method, key }) => {
      if (method !== 'PUT' || !object.test(key)) return;
      gate.after = () => {};
      worker.kill('SIGSTOP');
      resolve(key.slice(0, key.lastIndexOf('/') + 1));
    };
  });
}

/** What has passed since `from`, once nothing has for two seconds. */
async function settled({ gate }: Scene, from: number): Promise<Passing[]> {
  let seen = -1;
  let since = performance.now();
  return until('the rest of the zombie', 60, async () => {
    if (gate.passed.length !== seen || gate.underWay() > 0) {
      seen = gate.passed.length;
      since = performance.now();
    }
    return performance.now() - since > 2_000 ? gate.passed.slice(from) : undefined;
  });
}

/** Everything in the lake by key and ETag; the texts that name objects; what a reader gets. */
async function lakeOf(store: ObjectStore): Promise<{
  objects: Record<string, string>;
  records: string[];
  shown: object;
  log: object;
}> {
  const objects: Record<string, string> = {};
  const records: string[] = [];
  for await (const { key, etag } of store.list('')) {
    objects[key] = etag;
    if (!/\/_commit\.json$|^index\//.test(key)) continue;
    records.push(`${key} ${new TextDecoder().decode(await store.find(key))}`);
  }
  return {
    objects,
    records: records.sort(),
    shown: await canonical(store, RUN),
    log: await checkLog(store, DOMAIN),
  };
}

async function end(worker: ChildProcess): Promise<void> {
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  const [code] = (await gone) as [number | null];
  if (code !== 0) throw new Error(`NOT SO: a worker ends well when it is told to (${code})`);
}
