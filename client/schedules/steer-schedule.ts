import { type Client, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import { BadUsage, RunNotFound } from '../../lake/errors.ts';

/** Nights of one backfill at most: Temporal keeps a schedule's buffered starts in memory. */
const MOST_NIGHTS = 900;
const DAY_MS = 86_400_000;

/** What can be done to a schedule. */
export type Steer =
  | { verb: 'pause'; note: string }
  | { verb: 'resume' }
  | { verb: 'trigger' }
  | { verb: 'backfill'; from: Date; to: Date }
  | { verb: 'delete' };

/** Does something to a schedule. Throws RunNotFound when there is none of that id. */
export async function steerSchedule(client: Client, id: string, steer: Steer): Promise<void> {
  const handle = client.schedule.getHandle(id);
  try {
    switch (steer.verb) {
      case 'pause':
        return await handle.pause(steer.note);
      case 'resume':
        return await handle.unpause('resumed by instruct-lake');
      case 'trigger':
        // Without a policy it would start beside a night that runs.
        return await handle.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
      case 'backfill':
        return await handle.backfill({
          start: steer.from,
          end: steer.to,
          overlap: ScheduleOverlapPolicy.BUFFER_ALL,
        });
      case 'delete':
        return await handle.delete();
    }
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new RunNotFound(
      `there is no schedule ${id}; \`instruct-lake schedule list\` shows those that there are`,
    );
  }
}

/** The times of a backfill: dates (their midnight, UTC) or ISO times. Throws BadUsage. */
export function backfillOf(from: string, to: string): { from: Date; to: Date } {
  const times = [from, to].map((text) => {
    const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
    const time = new Date(isDay ? `${text}T00:00:00Z` : text);
    if (Number.isNaN(time.getTime()) || !/^\d{4}-\d\d-\d\d/.test(text)) {
      throw new BadUsage(`${JSON.stringify(text)} is no time; write 2026-01-05 or 2026-01-05T02:00:00Z`);
    }
    return time;
  }) as [Date, Date];
  const [begin, end] = times;
  if (begin >= end) throw new BadUsage(`the backfill would end (${to}) before it begins (${from})`);
  if (end.getTime() - begin.getTime() > MOST_NIGHTS * DAY_MS) {
    throw new BadUsage(`a backfill is of ${MOST_NIGHTS} days at most; ask for the rest when it is through`);
  }
  return { from: begin, to: end };
}
