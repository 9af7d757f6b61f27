import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { startIngest } from '../../../client/start-ingest.ts';
import { nodeArgs } from '../../../lake/node-args.ts';
import type { S3Settings } from '../../../lake/s3.ts';
import { attemptsOf } from '../../executions.ts';
import type { Canonical } from '../../pipeline.ts';
import { kill9, spawnWorker } from '../kill.ts';
import { isWrite, openS3Proxy, type StoreRequest } from '../s3-proxy.ts';
import type { Side } from './crash.ts';
import { pointName } from './point.ts';
import { checkResult, openLake, RUN, type Scene, SPEC, same, settingsOf, visible } from './scene.ts';

/** A scene with a Temporal server; every case gets a namespace of its own. */
export interface TemporalScene extends Scene {
  address: string;
  connection: Connection;
  /** Code of the workflow bundle. */
  bundle: string;
}

/**
 * The same with real workers: the one that is killed at a write holds an activity, which another gets when its
 * heartbeats have been missed. Gives the activities that were tried more than once.
 */
export async function crashWithTemporal(
  scene: TemporalScene,
  undisturbed: Canonical,
  name: string,
  side: Side,
): Promise<string[]> {
  const lake = await openLake(scene);
  const namespace = lake.s3.bucket;
  const { connection, address } = scene;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  const client = new Client({ connection, namespace });
  let met = false;
  const kill = async (): Promise<'cut'> => {
    met = true;
    await kill9(await first);
    return 'cut';
  };
  const here = (request: StoreRequest): boolean => !met && isWrite(request) && pointName(request) === name;
  const proxy = await openS3Proxy(lake.s3, {
    before: (request) => (side === 'before' && here(request) ? kill() : 'on'),
    after: (request) => (side === 'after' && here(request) ? kill() : 'on'),
  });
  const startWorker = (s3: Required<S3Settings>) => {
    const file = join(mkdtempSync(join(scene.folder, 'worker-')), 'options.json');
    const settings = settingsOf(scene, s3);
    const workflows = { workflowBundle: { code: scene.bundle } };
    writeFileSync(
      file,
      JSON.stringify({ connection: { address }, namespace, settings, threads: 1, workflows }),
      {
        mode: 0o600,
      },
    );
    const program = join(import.meta.dirname, '..', 'worker-process.ts');
    return spawnWorker(process.execPath, [...nodeArgs(), program, file], process.env, /^ready$/m);
  };
  const first = startWorker(proxy.settings);
  const workers = [await first];
  try {
    const { workflowId } = await startIngest(client, SPEC, RUN.run);
    await new Promise((resolve) => workers[0]?.once('exit', resolve));
    same('visible after the crash', await visible(lake), wanted(name, side));
    workers.push(await startWorker(lake.s3));
    await client.workflow.getHandle(workflowId).result();
    await checkResult(lake, undisturbed);
    const attempts = await attemptsOf(client, workflowId);
    return Object.keys(attempts).filter((activity) => Math.max(...(attempts[activity] ?? [])) > 1);
  } finally {
    await Promise.all(workers.map(kill9));
    await proxy.close();
    lake.store.close();
  }
}

const wanted = (name: string, side: Side): string =>
  name === 'index/log/<number>.json' && side === 'after' ? 'all of it' : 'nothing';
