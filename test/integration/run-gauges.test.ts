import type { MetricMeter, MetricTags } from '@temporalio/common';
import { afterAll, expect, test } from 'vitest';
import { samplePassages } from '../../client/sample/index.ts';
import { applySchedules } from '../../client/schedules/apply-schedules.ts';
import { schedulesOf } from '../../client/schedules/schedule-file.ts';
import { steerSchedule } from '../../client/schedules/steer-schedule.ts';
import { until } from '../../client/stack/poll.ts';
import { openRunGauges } from '../../worker/run-gauges.ts';
import type { Progress } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

let pipeline: Pipeline | undefined;
afterAll(() => pipeline?.close());

/** What a meter was told last, by name and labels. */
function recordingMeter() {
  const told = new Map<string, number>();
  const createGauge = (name: string) => ({
    name,
    set: (value: number, tags: MetricTags = {}) =>
      void told.set(`${name} ${Object.values(tags).join('/')}`.replace('instruct_lake_', ''), value),
  });
  return { meter: { createGauge } as unknown as MetricMeter, told };
}

test('a worker that has just started tells of a run that has been parked for long, and of a domain whose nights have ended', async () => {
  const lab = await openLab();
  pipeline = await openPipeline(lab);
  const { store, start, runIngest, settings } = pipeline;
  const texts = samplePassages().map(({ text }) => text);
  await putTexts(store, 'raw/held/a.parquet', texts.slice(0, 2));
  await putTexts(store, 'raw/fine/a.parquet', texts.slice(2, 4));
  await store.put('raw/held/b.parquet', 'not Parquet');
  const before = await pipeline.work();
  await runIngest(textSpec('fine'), 'r1');
  const parked = await start(textSpec('held'), 'r1');
  await until(async () => ((await parked.query<Progress>('progress')).parked === null ? undefined : true), {
    within: 60_000,
    what: 'it did not park',
  });
  await before.close();

  // Another process: nothing of what has happened so far is in its memory.
  await pipeline.work();
  const { meter, told } = recordingMeter();
  const gauges = openRunGauges({ client: lab.client, lake: settings.lake, meter });
  await until(
    async () => {
      await gauges.sample();
      return told.get('parked held/r1') === 1 ? true : undefined;
    },
    { within: 60_000, what: 'the parked run is not told of' },
  );
  expect(told.get('failed_sources held/r1')).toBe(1);
  expect(told.get('phase_units held/r1/plan')).toBe(1);
  expect(told.get('parked fine/r1')).toBe(0);
  expect(told.get('phase_units fine/r1/done')).toBe(0);
  const success = (told.get('last_success_seconds fine') ?? 0) * 1000;
  expect(Date.now() - success).toBeLessThan(300_000);
  expect(told.get('last_success_seconds held')).toBeUndefined();

  await parked.executeUpdate('acceptPartial');
  await parked.result();
  await gauges.sample();
  expect(told.get('parked held/r1')).toBe(0);
  expect(told.get('failed_sources held/r1')).toBe(1);
  expect(told.get('phase_units held/r1/plan')).toBe(0);
  gauges.close();

  // Temporal keeps runs for some days only; the lake knows of a domain's publication for ever.
  const later = recordingMeter();
  const inAYear = (): number => Date.now() + 366 * 86_400_000;
  const next = openRunGauges({ client: lab.client, lake: settings.lake, meter: later.meter, now: inAYear });
  await next.sample();
  next.close();
  expect((later.told.get('last_success_seconds fine') ?? 0) * 1000).toBeGreaterThan(success - 60_000);
}, 180_000);

test('what cannot be read of the lake hides neither a parked run nor the other domains', async () => {
  const lab = await openLab();
  const { store, start, runIngest, settings, work, close } = await openPipeline(lab);
  try {
    const texts = samplePassages().map(({ text }) => text);
    await putTexts(store, 'raw/fine/a.parquet', texts.slice(0, 2));
    await store.put('raw/held/a.parquet', 'not Parquet');
    // By its name it is looked at before the domain that is whole.
    await store.put('index/damaged/log/000000000001.json', 'not JSON');
    await work();
    await runIngest(textSpec('fine'), 'r1');
    const parked = await start(textSpec('held'), 'r1');
    await until(async () => ((await parked.query<Progress>('progress')).parked === null ? undefined : true), {
      within: 60_000,
      what: 'it did not park',
    });

    // Temporal has forgotten the runs that have ended by then: only the lake knows of them.
    const inAYear = (): number => Date.now() + 366 * 86_400_000;
    const { meter, told } = recordingMeter();
    const gauges = openRunGauges({ client: lab.client, lake: settings.lake, meter, now: inAYear });
    await gauges.sample();
    gauges.close();
    expect(told.get('parked held/r1')).toBe(1);
    expect(told.get('last_success_seconds fine')).toBeGreaterThan(0);

    const elsewhere = { ...settings.lake, bucket: 'there-is-none' };
    const without = recordingMeter();
    const next = openRunGauges({ client: lab.client, lake: elsewhere, meter: without.meter });
    await next.sample();
    next.close();
    expect(without.told.get('parked held/r1')).toBe(1);
    await parked.cancel();
    await parked.result().catch(() => {});
  } finally {
    await close();
  }
}, 180_000);

test('runs that have ended are told of without a worker that replays them', async () => {
  const lab = await openLab({ searchAttributes: true });
  const { store, runIngest, settings, work, close } = await openPipeline(lab);
  try {
    const texts = samplePassages().map(({ text }) => text);
    await putTexts(store, 'raw/partly/a.parquet', texts.slice(0, 2));
    await store.put('raw/partly/b.parquet', 'not Parquet');
    const worker = await work();
    await runIngest(textSpec('partly', { maxFailedFraction: 1 }), 'r1');
    await worker.close();
    const { meter, told } = recordingMeter();
    const gauges = openRunGauges({ client: lab.client, lake: settings.lake, meter });
    await until(
      async () => {
        await gauges.sample();
        return told.get('failed_sources partly/r1') === 1 ? true : undefined;
      },
      { within: 60_000, what: 'the source that failed is not told of' },
    );
    expect(told.get('parked partly/r1')).toBe(0);
    gauges.close();
  } finally {
    await close();
  }
}, 180_000);

test('a domain is told of as one with nights as long as it has a schedule', async () => {
  const lab = await openLab();
  const { settings, close } = await openPipeline(lab);
  try {
    const [wanted] = await schedulesOf(
      { schedules: [{ spec: textSpec('nights'), at: '02:00', paused: true }] },
      () => Promise.reject(new Error('no file is named')),
    );
    await applySchedules(lab.client, wanted === undefined ? [] : [wanted]);
    const { meter, told } = recordingMeter();
    const gauges = openRunGauges({ client: lab.client, lake: settings.lake, meter });
    const scheduled = (value: number) =>
      until(
        async () => {
          await gauges.sample();
          return told.get('scheduled nights') === value ? true : undefined;
        },
        { within: 60_000, what: `the schedule is not told of as ${value}` },
      );
    await scheduled(1);
    await steerSchedule(lab.client, 'ingest/nights/nightly', { verb: 'delete' });
    await scheduled(0);
    gauges.close();
  } finally {
    await close();
  }
}, 180_000);
