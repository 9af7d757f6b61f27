import { outputOf, readChecked, readCommit } from '../../../lake/commit.ts';
import type { ObjectRef } from '../../../workflows/contract.ts';
import { kill9 } from '../kill.ts';
import { type Fate, isWrite, openS3Proxy, type StoreRequest } from '../s3-proxy.ts';
import type { Side } from './crash.ts';
import { FAULTS, type Fault, type FaultName } from './lost.ts';
import { pointName } from './point.ts';
import { type Lake, openLake, type Scene, same, startProcess } from './scene.ts';

const PROGRAM = 'upload-process.ts';
/** The steps of a multipart upload and the commit that names its object. */
export const UPLOAD_POINTS = [
  'upload/<attempt>/body.bin (create)',
  'upload/<attempt>/body.bin (part)',
  'upload/<attempt>/body.bin (complete)',
  'upload/_commit.json',
] as const;

/** The keys of a lake's stages. */
async function stageKeys({ store }: Lake): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('runs/')) keys.push(key);
  return keys;
}

/** Throws unless the stage is committed once, and its object is whole. */
async function checkUpload(lake: Lake, stdout: string): Promise<void> {
  const ref = JSON.parse(stdout) as ObjectRef;
  const commit = await readCommit(lake.store, ref);
  same('bytes', (await readChecked(lake.store, outputOf(commit, 'body.bin'))).length, 20 * 2 ** 20);
  same(
    'commits',
    (await stageKeys(lake)).filter((key) => key.endsWith('/_commit.json')),
    [ref.key],
  );
}

/** Kills the worker just before or after a step of the upload, and lets another process do the stage. */
export async function crashUpload(scene: Scene, name: string, side: Side): Promise<void> {
  const lake = await openLake(scene);
  let met = false;
  const kill = async (): Promise<Fate> => {
    met = true;
    await kill9(worker.child);
    return 'cut';
  };
  const here = (request: StoreRequest): boolean => !met && isWrite(request) && pointName(request) === name;
  const proxy = await openS3Proxy(lake.s3, {
    before: (request) => (side === 'before' && here(request) ? kill() : 'on'),
    after: (request) => (side === 'after' && here(request) ? kill() : 'on'),
  });
  const worker = startProcess(scene, PROGRAM, proxy.settings);
  try {
    same('the end of the worker', (await worker.ended).signal, 'SIGKILL');
    const committed = (await stageKeys(lake)).some((key) => key.endsWith('/_commit.json'));
    same('committed after the crash', committed, name.endsWith('_commit.json') && side === 'after');
    const { stdout } = await startProcess(scene, PROGRAM, lake.s3).ended;
    await checkUpload(lake, stdout);
  } finally {
    await kill9(worker.child);
    await proxy.close();
    lake.store.close();
  }
}

/** An upload of which every kind of step meets a fault once; it must be done in one attempt. */
export async function faultUpload(scene: Scene, fault: FaultName): Promise<Map<string, number>> {
  const { side, fate, conditional }: Fault = FAULTS[fault];
  const lake = await openLake(scene);
  const faulted = new Set<string>();
  const met = new Map<string, number>();
  const once = (request: StoreRequest): Fate => {
    if (!isWrite(request) || faulted.has(pointName(request))) return 'on';
    if (conditional && !request.conditional) return 'on';
    faulted.add(pointName(request));
    return fate;
  };
  const proxy = await openS3Proxy(lake.s3, {
    before: (request) => (side === 'before' ? once(request) : 'on'),
    after(request, status) {
      const chosen = side === 'after' ? once(request) : 'on';
      if (chosen === 'on' && faulted.has(pointName(request)) && !met.has(pointName(request)))
        met.set(pointName(request), status);
      return chosen;
    },
  });
  try {
    const { stdout, stderr } = await startProcess(scene, PROGRAM, proxy.settings).ended;
    if (stdout === '') throw new Error(`the stage did not end well:\n${stderr}`);
    await checkUpload(lake, stdout);
    const attempts = new Set((await stageKeys(lake)).flatMap((key) => /\/[0-9a-f]{32}\//.exec(key) ?? []));
    same('attempts', attempts.size, 1);
    return met;
  } finally {
    await proxy.close();
    lake.store.close();
  }
}
