import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type CountingEndpoint, openCountingEndpoint } from '../counting-endpoint.ts';
import { crashAt, undisturbedRun } from './commit-points/crash.ts';
import { faultEverywhere } from './commit-points/lost.ts';
import { INCREMENTAL_VISIBLE_FROM, VISIBLE_FROM } from './commit-points/point.ts';
import { raceEverywhere, raceOfTwoRuns } from './commit-points/race.ts';
import { brokenNight, crashReplayAt, undisturbedReplay } from './commit-points/replay.ts';
import { INCREMENTAL, type Scene, secondNight } from './commit-points/scene.ts';

/* A few of the cases that `npm run acceptance -- commit-points` plays. */

const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-points-'));
let endpoint: CountingEndpoint;
let scene: Scene;
let calm: Awaited<ReturnType<typeof undisturbedRun>>;
beforeAll(async () => {
  endpoint = await openCountingEndpoint();
  scene = { s3: inject('stack').s3, endpoint: endpoint.url, folder };
  calm = await undisturbedRun(scene);
});
afterAll(async () => {
  await endpoint?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a worker killed before the log entry has shown nothing, one killed after it has shown all', async () => {
  expect(await crashAt(scene, calm, VISIBLE_FROM, 'before')).toBe('nothing');
  expect(await crashAt(scene, calm, VISIBLE_FROM, 'after')).toBe('all of it');
});
test('answers that are lost, of every write of a run, cost no stage', async () => {
  const met = await faultEverywhere(scene, calm.undisturbed, 'answer lost');
  expect(met.get(VISIBLE_FROM)).toBe(412);
});
test('two processes that meet at every write of a run make one result; two runs both get into the log', async () => {
  const raced = await raceEverywhere(scene, calm.undisturbed, 'second');
  expect(raced.get('publish/_commit.json')).toEqual([200, 412]);
  await raceOfTwoRuns(scene, calm.undisturbed, 'first');
});
test('an incremental run that is killed around its entry of the log holds the domain until it is published', async () => {
  const incremental = { ...scene, kind: INCREMENTAL };
  const undisturbed = await undisturbedRun(incremental);
  for (const name of ['segment/_commit.json', 'publish/<attempt>/segment.json'])
    expect(await crashAt(incremental, undisturbed, name, 'after')).toBe('nothing');
  expect(await crashAt(incremental, undisturbed, INCREMENTAL_VISIBLE_FROM, 'before')).toBe('nothing');
  expect(await crashAt(incremental, undisturbed, INCREMENTAL_VISIBLE_FROM, 'after')).toBe('all of it');
});

test('so is one behind another night, which replaces documents: until its entry is in, the first night stands alone', async () => {
  const night = { ...scene, kind: await secondNight(scene) };
  const undisturbed = await undisturbedRun(night);
  const names = undisturbed.points.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['dedupe/<attempt>/gone.run', 'publish/<attempt>/tombstones.run']),
  );
  for (const name of ['index/log/<number>.json', 'dedupe/_commit.json', 'publish/<attempt>/tombstones.run'])
    expect(await crashAt(night, undisturbed, name, 'after')).toBe('nothing');
  expect(await crashAt(night, undisturbed, INCREMENTAL_VISIBLE_FROM, 'after')).toBe('all of it');
});

test('a replay of a night that is killed around its entry leaves the generation before, or has put itself in its place', async () => {
  const night = await brokenNight(scene);
  const { undisturbed, points } = await undisturbedReplay(night);
  expect(points.map(({ name }) => name)).toEqual(
    expect.arrayContaining([INCREMENTAL_VISIBLE_FROM, 'plan/_commit.json', 'publish/<attempt>/segment.json']),
  );
  // The first night has written two entries of the log: this one opens with the third.
  expect(await crashReplayAt(night, undisturbed, 'plan/_commit.json', 'after')).toBe(1);
  expect(await crashReplayAt(night, undisturbed, 'synthesize/_commit.json', 'before')).toBe(1);
  expect(await crashReplayAt(night, undisturbed, INCREMENTAL_VISIBLE_FROM, 'before')).toBe(1);
  expect(await crashReplayAt(night, undisturbed, INCREMENTAL_VISIBLE_FROM, 'after')).toBe(2);
});
