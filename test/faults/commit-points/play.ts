import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Canonical } from '../../pipeline.ts';
import { crashAt, type Side, undisturbedRun } from './crash.ts';
import { FAULTS, type FaultName, faultEverywhere } from './lost.ts';
import { type Point, VISIBLE_FROM } from './point.ts';
import { type Raced, raceEverywhere, raceOfTwoRuns } from './race.ts';
import type { Scene } from './scene.ts';
import type { Seen } from './table.ts';
import { crashUpload, faultUpload, UPLOAD_POINTS } from './upload.ts';

const SIDES = ['before', 'after'] as const satisfies Side[];

/**
 * Plays all cases, as many at once as there are processors: crashes at the kinds of write that `chosen` takes, faults and
 * races at all. `report` hears of each; what is not as it must be is among the failures.
 */
export async function play(
  scene: Scene,
  calm: { undisturbed: Canonical; points: readonly Point[] },
  chosen: (point: Point) => boolean,
  report: (line: string) => void,
): Promise<{ seen: Seen; failures: string[] }> {
  const limit = pLimit(availableParallelism());
  const seen: Seen = { crashes: new Map(), faults: new Map(), raced: new Map() };
  const failures: string[] = [];
  const cases: Promise<void>[] = [];
  function add(what: string, work: () => Promise<void>): void {
    cases.push(
      limit(async () => {
        try {
          await work();
          report(what);
        } catch (error) {
          failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }),
    );
  }
  const note = (name: string, side: Side, what: string): void => {
    seen.crashes.set(name, { ...seen.crashes.get(name), [side]: what });
  };

  for (const side of SIDES) {
    for (const { name } of calm.points.filter(chosen)) {
      add(`killed ${side} ${name}`, async () => note(name, side, await crashAt(scene, calm, name, side)));
    }
    for (const name of UPLOAD_POINTS) {
      add(`killed ${side} ${name}`, async () => {
        await crashUpload(scene, name, side);
        note(name, side, 'nothing');
      });
    }
  }
  for (const fault of Object.keys(FAULTS) as FaultName[]) {
    add(`every write once: ${fault}`, async () => {
      const [run, upload] = [
        await faultEverywhere(scene, calm.undisturbed, fault),
        await faultUpload(scene, fault),
      ];
      seen.faults.set(fault, new Map([...upload, ...run]));
    });
  }
  for (const order of ['first', 'second'] as const) {
    add(`two processes, one run, the ${order} to come goes first`, async () => {
      for (const [name, statuses] of await raceEverywhere(scene, calm.undisturbed, order)) {
        (seen.raced as Raced).set(name, statuses);
      }
    });
    add(`two runs at the log, the ${order} to come goes first`, async () => {
      await raceOfTwoRuns(scene, calm.undisturbed, order);
    });
  }
  await Promise.all(cases);
  return { seen, failures };
}

/** The writes that an incremental run has and a full one has not, and the entries of the log: crashes, lost answers, a race. */
export async function playIncremental(
  scene: Scene,
  full: readonly Point[],
  report: (line: string) => void,
): Promise<{ points: Point[]; seen: Seen }> {
  const limit = pLimit(availableParallelism());
  const calm = await undisturbedRun(scene);
  const known = new Set(full.map(({ name }) => name));
  const points = calm.points.filter(({ name }) => !known.has(name) || name === VISIBLE_FROM);
  const seen: Seen = { crashes: new Map(), faults: new Map(), raced: new Map() };
  const crashes = points.flatMap(({ name }) =>
    SIDES.map((side) =>
      limit(async () => {
        const what = await crashAt(scene, calm, name, side);
        seen.crashes.set(name, { ...seen.crashes.get(name), [side]: what });
        report(`incremental: killed ${side} ${name}`);
      }),
    ),
  );
  await Promise.all(crashes);
  seen.faults.set('answer lost', await faultEverywhere(scene, calm.undisturbed, 'answer lost'));
  report('incremental: every write once: answer lost');
  seen.raced = await raceEverywhere(scene, calm.undisturbed, 'second');
  report('incremental: two processes, one run');
  return { points, seen };
}

/** Crashes at every kind of write of a run; `report` hears of each. Throws on the first that is not as it must be. */
export async function crashEverywhere(scene: Scene, report: (line: string) => void): Promise<Point[]> {
  const limit = pLimit(availableParallelism());
  const calm = await undisturbedRun(scene);
  const cases = calm.points.flatMap(({ name }) =>
    SIDES.map((side) =>
      limit(async () =>
        report(`killed ${side} ${name}: visible is ${await crashAt(scene, calm, name, side)}`),
      ),
    ),
  );
  await Promise.all(cases);
  return calm.points;
}
