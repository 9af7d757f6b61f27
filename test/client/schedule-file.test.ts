import { describe, expect, test } from 'vitest';
import { parseScheduleId, schedulesOf, type WantedSchedule } from '../../client/schedules/schedule-file.ts';
import { backfillOf } from '../../client/schedules/steer-schedule.ts';
import { InvalidSpec } from '../../lake/errors.ts';
import { textSpec } from '../pipeline.ts';

const spec = textSpec('biomed');
const files =
  (named: Record<string, unknown> = {}) =>
  async (name: string) =>
    named[name];
async function problemsOf(content: unknown, named?: Record<string, unknown>): Promise<string[]> {
  try {
    await schedulesOf(content, files(named));
  } catch (error) {
    if (error instanceof InvalidSpec) return error.reason.split('\n  - ').slice(1);
    throw error;
  }
  throw new Error('it was taken');
}
const only = async (schedule: object): Promise<WantedSchedule> => {
  const [wanted] = await schedulesOf({ schedules: [schedule] }, files({ 'biomed.yaml': spec }));
  return wanted as WantedSchedule;
};

describe('a file of schedules', () => {
  test('adds to a spec what nights need, where it does not say otherwise', async () => {
    expect(await only({ spec: 'biomed.yaml', at: '02:00' })).toEqual({
      id: 'ingest/biomed/nightly',
      domain: 'biomed',
      timing: { at: '02:00', jitter: '10m', catchUp: '6h' },
      spec: {
        ...spec,
        mode: 'incremental',
        maxFailedFraction: 0.01,
        input: { ...spec.input, minAge: '10m' },
      },
    });
    const own = textSpec('biomed', { mode: 'full', maxFailedFraction: 0 });
    const { spec: kept } = await only({
      spec: { ...own, input: { ...own.input, minAge: '1h' } },
      at: '02:00',
    });
    expect(kept).toMatchObject({ mode: 'full', maxFailedFraction: 0, input: { minAge: '1h' } });
  });

  test('has several domains, and several schedules of one under names of their own', async () => {
    const wanted = await schedulesOf(
      {
        schedules: [
          { spec, at: '02:00' },
          { spec, cron: '0 3 * * 1-5', name: 'weekdays', jitter: '5m', catchUp: '12h', paused: true },
          { spec: textSpec('law'), at: '02:30' },
        ],
      },
      files(),
    );
    expect(wanted.map(({ id }) => id)).toEqual([
      'ingest/biomed/nightly',
      'ingest/biomed/weekdays',
      'ingest/law/nightly',
    ]);
    expect(wanted[1]).toMatchObject({
      timing: { cron: '0 3 * * 1-5', jitter: '5m', catchUp: '12h' },
      paused: true,
    });
  });

  test('is refused with all that is wrong at once, and the nearest names', async () => {
    expect(await problemsOf({ schedules: [{ spec, att: '02:00' }], pause: true })).toEqual([
      'schedules[0].att: unknown key (did you mean "at"?)',
      'pause: unknown key (known: schedules)',
    ]);
    expect(
      await problemsOf(
        {
          schedules: [
            { spec },
            { spec, at: '02:00', cron: '0 2 * * *' },
            { spec: 'law.yaml', at: '02:00' },
            { spec: { ...spec, tokeniser: 'x' }, at: '02:00' },
          ],
        },
        { 'law.yaml': { ...textSpec('law'), sequenceLength: 1 } },
      ),
    ).toEqual([
      'schedules[0]: needs a time, one of "at" and "cron"',
      'schedules[1]: needs a time, one of "at" and "cron"',
      'schedules[1]: ingest/biomed/nightly stands there twice; give one another name',
      'schedules[2].spec (law.yaml): sequenceLength: Too small: expected number to be >=16',
      'schedules[3].spec: tokeniser: unknown key (did you mean "tokenizer"?)',
    ]);
    expect(await problemsOf({ schedules: [{ spec, at: '2:00', jitter: 'soon' }] })).toHaveLength(2);
  });
});

test('a schedule is named by its domain, by domain and name, or by its id', () => {
  expect(
    ['biomed', 'biomed/weekdays', 'ingest/biomed/nightly', 'Biomed', 'a/b/c'].map(parseScheduleId),
  ).toEqual([
    'ingest/biomed/nightly',
    'ingest/biomed/weekdays',
    'ingest/biomed/nightly',
    undefined,
    undefined,
  ]);
});

test('a backfill is of days or times in their order, not of years', () => {
  expect(backfillOf('2026-01-05', '2026-01-06T03:00:00Z')).toEqual({
    from: new Date('2026-01-05T00:00:00Z'),
    to: new Date('2026-01-06T03:00:00Z'),
  });
  expect(() => backfillOf('2026-01-06', '2026-01-05')).toThrow('would end');
  expect(() => backfillOf('monday', '2026-01-05')).toThrow('is no time');
  expect(() => backfillOf('2020-01-01', '2026-01-05')).toThrow('900 days at most');
});
