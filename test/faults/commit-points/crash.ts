import { type Canonical, canonical } from '../../pipeline.ts';
import { kill9 } from '../kill.ts';
import { isWrite, openS3Proxy } from '../s3-proxy.ts';
import { type Point, pointName, recorder } from './point.ts';
import { checkResult, finishRun, openLake, RUN, type Scene, same, startRun, visible } from './scene.ts';

export type Side = 'before' | 'after';

/** A run that nothing happens to: what all others must equal, and every kind of write it has, in order. */
export async function undisturbedRun(scene: Scene): Promise<{ undisturbed: Canonical; points: Point[] }> {
  const lake = await openLake(scene);
  const { note, points } = recorder();
  const proxy = await openS3Proxy(lake.s3, {
    before(request) {
      note(request);
      return 'on';
    },
  });
  try {
    await finishRun(scene, proxy.settings);
    const undisturbed = await canonical(lake.store, RUN);
    await checkResult(lake, undisturbed);
    return { undisturbed, points };
  } finally {
    await proxy.close();
    lake.store.close();
  }
}

/**
 * Kills the worker with SIGKILL just before or just after the first write of a kind, and lets another process do the run.
 * Gives what was visible in between; throws when that is not what it must be, or the end is another.
 */
export async function crashAt(
  scene: Scene,
  { undisturbed, points }: { undisturbed: Canonical; points: readonly Point[] },
  name: string,
  side: Side,
): Promise<'nothing' | 'all of it'> {
  const lake = await openLake(scene);
  let met = false;
  const kill = async (): Promise<'cut'> => {
    met = true;
    await kill9(worker.child);
    return 'cut';
  };
  const proxy = await openS3Proxy(lake.s3, {
    before: (request) =>
      side === 'before' && !met && isWrite(request) && pointName(request) === name ? kill() : 'on',
    after: (request) => (side === 'after' && !met && pointName(request) === name ? kill() : 'on'),
  });
  const worker = startRun(scene, proxy.settings);
  try {
    const { signal, stderr } = await worker.ended;
    if (signal !== 'SIGKILL') throw new Error(`the worker was not killed there:\n${stderr}`);
    const seen = await visible(lake);
    const order = points.map((point) => point.name);
    const [at, from] = [order.indexOf(name), order.indexOf(lake.kind.visibleFrom)];
    same(
      'visible after the crash',
      seen,
      at > from || (at === from && side === 'after') ? 'all of it' : 'nothing',
    );
    await finishRun(scene, lake.s3);
    await checkResult(lake, undisturbed);
    return seen;
  } finally {
    await kill9(worker.child);
    await proxy.close();
    lake.store.close();
  }
}
