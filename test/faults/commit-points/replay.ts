import { samplePassages } from '../../../client/sample/index.ts';
import { publishedRun, readHead } from '../../../lake/log.ts';
import { brokenPages, type Canonical, canonical, putTexts } from '../../pipeline.ts';
import { kill9 } from '../kill.ts';
import { isWrite, openS3Proxy } from '../s3-proxy.ts';
import type { Side } from './crash.ts';
import { type Point, pointName, recorder } from './point.ts';
import {
  INCREMENTAL,
  type Lake,
  openLake,
  RUN,
  resultOf,
  type Scene,
  same,
  startRun,
  visible,
} from './scene.ts';

const FAILED = { sources: 'failed' as const };

/** A night that has published without one of its files, which is mended since: what each case of a replay begins with. */
export async function brokenNight(scene: Scene): Promise<Scene> {
  const spec = { ...INCREMENTAL.spec, maxFailedFraction: 1 };
  const first = { ...scene, kind: { ...INCREMENTAL, spec } };
  const { s3, store } = await openLake(first);
  try {
    const texts = samplePassages().map(({ text }) => text);
    await store.put('raw/points/b.parquet', brokenPages(texts.slice(3, 6)));
    await resultOf(startRun(first, s3));
    await putTexts(store, 'raw/points/b.parquet', texts.slice(3, 6));
    const objects = new Map<string, Uint8Array>();
    for await (const { key } of store.list('')) objects.set(key, await store.get(key));
    return { ...first, kind: { ...first.kind, before: { run: RUN, objects } } };
  } finally {
    store.close();
  }
}

/** A replay that nothing happens to, and every kind of write that it has, in order. */
export async function undisturbedReplay(scene: Scene): Promise<{ undisturbed: Canonical; points: Point[] }> {
  const lake = await openLake(scene);
  const { note, points } = recorder();
  const proxy = await openS3Proxy(lake.s3, {
    before(request) {
      note(request);
      return 'on';
    },
  });
  try {
    await resultOf(startRun(scene, proxy.settings, RUN, FAILED));
    same('the generation', await generationIn(lake), 2);
    return { undisturbed: await canonical(lake.store, RUN), points };
  } finally {
    await proxy.close();
    lake.store.close();
  }
}

/**
 * Kills a replay around the first write of a kind, and starts it again. Gives the generation that was published in between,
 * which verified; throws when the end is not that of the undisturbed one.
 */
export async function crashReplayAt(
  scene: Scene,
  undisturbed: Canonical,
  name: string,
  side: Side,
): Promise<number> {
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
  const worker = startRun(scene, proxy.settings, RUN, FAILED);
  try {
    const { signal, stderr } = await worker.ended;
    if (signal !== 'SIGKILL') throw new Error(`the replay was not killed there:\n${stderr}`);
    same(`visible after the crash at ${name}`, await visible(lake), 'all of it');
    const between = await generationIn(lake);
    const again = await startRun(scene, lake.s3, RUN, FAILED).ended;
    // One that has published finds nothing more to do.
    if (again.code !== 0 && !(between === 2 && again.stderr.includes('NothingToReplay'))) {
      throw new Error(`the replay did not end well:\n${again.stderr}`);
    }
    same('the generation in the end', await generationIn(lake), 2);
    same('visible in the end', await visible(lake), 'all of it');
    same('the canonical objects', await canonical(lake.store, RUN), undisturbed);
    return between;
  } finally {
    await kill9(worker.child);
    await proxy.close();
    lake.store.close();
  }
}

async function generationIn({ store }: Pick<Lake, 'store'>): Promise<number> {
  return publishedRun((await readHead(store, RUN.domain)).entry, RUN.run)?.generation ?? 0;
}
