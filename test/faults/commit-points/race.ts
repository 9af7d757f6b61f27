import { logHintKey } from '../../../lake/layout.ts';
import type { Canonical } from '../../pipeline.ts';
import { kill9 } from '../kill.ts';
import { type Fate, isWrite, openS3Proxy, type StoreRequest } from '../s3-proxy.ts';
import { Meetings, type Order, placeOf } from './meeting.ts';
import { pointName, VISIBLE_FROM } from './point.ts';
import { checkResult, OTHER_RUN, openLake, RUN, resultOf, type Scene, same, startRun } from './scene.ts';

/** The store's answers to the two, for each kind of write, in the order in which they went. */
export type Raced = Map<string, number[]>;

/**
 * Two processes do the same run at the same time and meet at every single write of it. Throws unless of each
 * conditional write one is made and the other is told so, both give the same result, and the lake holds the run once.
 */
export async function raceEverywhere(scene: Scene, undisturbed: Canonical, order: Order): Promise<Raced> {
  // Whoever finds its entry in the log already does not write the hint.
  return race(scene, undisturbed, order, [RUN, RUN], ({ key }) => key !== logHintKey(RUN.domain));
}

/** Two runs of one domain that append to its log at once. Throws unless both get in, in one chain. */
export async function raceOfTwoRuns(scene: Scene, undisturbed: Canonical, order: Order): Promise<Raced> {
  return race(
    scene,
    undisturbed,
    order,
    [RUN, OTHER_RUN],
    (request) => pointName(request) === VISIBLE_FROM && request.key.endsWith('/000000000001.json'),
  );
}

async function race(
  scene: Scene,
  undisturbed: Canonical,
  order: Order,
  runs: readonly [typeof RUN, typeof RUN],
  meets: (request: StoreRequest) => boolean,
): Promise<Raced> {
  const lake = await openLake(scene);
  const meetings = new Meetings(order);
  const raced: Raced = new Map();
  const racers = await Promise.all(
    runs.map(async (run) => {
      const visits = new Map<string, number>();
      const places = new WeakMap<StoreRequest, string>();
      const proxy = await openS3Proxy(lake.s3, {
        async before(request): Promise<Fate> {
          if (!isWrite(request) || !meets(request)) return 'on';
          const place = placeOf(visits, request);
          places.set(request, place);
          await meetings.meet(place);
          return 'on';
        },
        after(request, status) {
          const place = places.get(request);
          if (place === undefined) return 'on';
          meetings.answered(place, status);
          const statuses = meetings.results().get(place) ?? [];
          if (statuses.length < 2) return 'on';
          const name = pointName(request);
          // A key that another run or an earlier put has taken already (the probe) is refused to both.
          if (request.conditional && !name.endsWith('.probe'))
            same(`answers at ${place}`, statuses, [200, 412]);
          if (!raced.has(name)) raced.set(name, statuses);
          return 'on';
        },
      });
      return { proxy, worker: startRun(scene, proxy.settings, run) };
    }),
  );
  try {
    const [a, b] = await Promise.all(racers.map(({ worker }) => resultOf(worker)));
    if (runs[0].run === runs[1].run) same('the result of the other', b, a);
    const alone = [...meetings.results()].filter(([, statuses]) => statuses.length < 2);
    same('places where nobody met', alone, []);
    await checkResult(lake, undisturbed, runs[0].run === runs[1].run ? [RUN] : runs);
    return raced;
  } finally {
    await Promise.all(racers.map(({ worker }) => kill9(worker.child)));
    await Promise.all(racers.map(({ proxy }) => proxy.close()));
    lake.store.close();
  }
}
