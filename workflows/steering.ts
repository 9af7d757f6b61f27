import {
  ApplicationFailure,
  type ChildWorkflowHandle,
  condition,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type ConfirmLimits,
  type Control,
  type LaneLimits,
  type LaneResult,
  MAX_CONCURRENCY,
  type Parked,
  type SetConcurrency,
  type SetLimits,
} from './contract.ts';
import type { Parking } from './parking.ts';
import type { processPartitions } from './process-partitions.ts';
import { cutDown, levelUp, nextShare, roundsOf, sum } from './shares.ts';

/** Lanes under way at once, at most. */
export const LANES_IN_FLIGHT = 4;

/** Signals between a run and its lanes. */
export const setLimits = defineSignal<[SetLimits]>('setLimits');
export const confirmLimits = defineSignal<[ConfirmLimits]>('confirmLimits');

type LaneHandle = Pick<ChildWorkflowHandle<typeof processPartitions>, 'result' | 'signal'>;

/**
 * How a run is steered while it goes on: paused and resumed, its requests in flight bounded. The ceiling is divided
 * among the lanes under way. What is taken from one is given to another only when the first has confirmed that it no
 * longer uses it, so that all of them together keep within the ceiling at any time.
 */
export interface Steering {
  control(): Control;
  /** What the spec says holds until somebody has said something else. */
  begin(concurrency: number | null): void;
  /** So many lanes are to come, of which some are under way at once; whether they ask the endpoint, as one with a ceiling may. */
  expect(lanes: number, asking: boolean): void;
  /** Runs a lane once there is a share for it; `start` gets its limits where it has any. */
  lane(id: string, start: (limits: { limits?: LaneLimits }) => Promise<LaneHandle>): Promise<LaneResult>;
}
export interface SteeringDeps {
  /** As an earlier execution left it. */
  carried: Control | undefined;
  /** Where a run may be waiting for `resume`, too. */
  parking: () => Parking | undefined;
  onChange: () => void;
}
interface Lane {
  /** Requests in flight that it was told of last, and those that it may still use until it confirms. */
  share: number;
  held: number;
  /** Number of the confirmation that it owes. */
  confirm: number;
  told: LaneLimits;
  handle: Pick<LaneHandle, 'signal'> | undefined;
}

/** Sets the handlers of the updates that steer a run. */
export function openSteering({ carried, parking, onChange }: SteeringDeps): Steering {
  const { workflowId } = workflowInfo();
  const lanes = new Map<string, Lane>();
  let paused = carried?.paused ?? false;
  let ceiling = carried?.concurrency;
  let unfinished = 0;
  let asks = false;
  let confirms = 0;
  const control = (): Control => ({ paused, concurrency: ceiling ?? null });
  /** What the lanes under way divide. */
  const divided = (): number | null => (asks ? (ceiling ?? null) : null);
  const width = (): number => Math.min(LANES_IN_FLIGHT, unfinished, divided() ?? LANES_IN_FLIGHT);

  function offered(): number {
    if (paused) return 0;
    const limit = divided();
    if (limit === null) return Number.POSITIVE_INFINITY;
    const held = [...lanes.values()].map((lane) => lane.held);
    return nextShare(limit, held, width() - lanes.size);
  }
  /** Divides the ceiling anew where somebody holds too much or something is free, and tells whom it concerns. */
  function settle(): void {
    const all = [...lanes.values()];
    const shares = all.map(({ share }) => share);
    const limit = divided();
    if (limit === null) for (const lane of all) lane.share = lane.held = Number.POSITIVE_INFINITY;
    else if (sum(shares) > limit) {
      for (const [i, share] of cutDown(limit, shares).entries()) (all[i] as Lane).share = share;
    } else if (all.every(({ share, held }) => share === held)) {
      const toCome = new Array<number>(Math.max(0, width() - all.length)).fill(0);
      const level = levelUp(limit, [...shares, ...toCome]);
      for (const [i, lane] of all.entries()) lane.share = lane.held = level[i] as number;
    }
    for (const lane of all) tell(lane);
  }
  function limitsOf(share: number): LaneLimits {
    const limit = divided();
    if (limit === null) return { paused, concurrency: null, rounds: null };
    return { paused, concurrency: share, rounds: roundsOf(share, limit) };
  }
  function tell(lane: Lane): void {
    const { told, handle, share, held } = lane;
    const limits = limitsOf(share);
    const news = (['paused', 'concurrency', 'rounds'] as const).some((name) => told[name] !== limits[name]);
    if (!news || handle === undefined) return;
    lane.told = limits;
    if (share < held) lane.confirm = ++confirms;
    const message: SetLimits = share < held ? { ...limits, confirm: lane.confirm } : limits;
    // A lane that cannot be told has ended.
    handle.signal(setLimits, message).catch(() => {});
  }
  function refuse(why: string): never {
    throw ApplicationFailure.nonRetryable(`${workflowId.replace(/^ingest\//, '')} ${why}`, 'BadUsage');
  }
  function changed(): Control {
    settle();
    onChange();
    return control();
  }

  setHandler(
    defineUpdate<Control, []>('pause'),
    () => {
      paused = true;
      return changed();
    },
    { validator: () => (paused ? refuse('is paused already; `resume` lets it go on') : undefined) },
  );
  setHandler(
    defineUpdate<Parked | null, []>('resume'),
    () => {
      const place = parking();
      const parked = place?.refusal('resume') === undefined ? place?.take('resume') : undefined;
      paused = false;
      changed();
      return parked ?? null;
    },
    {
      validator() {
        const place = parking();
        const why = place === undefined ? 'is neither paused nor parked' : place.refusal('resume');
        if (!paused && why !== undefined) refuse(why);
      },
    },
  );
  setHandler(
    defineUpdate<Control, [SetConcurrency]>('setConcurrency'),
    ({ concurrency }) => {
      ceiling = concurrency;
      return changed();
    },
    {
      validator(input: unknown) {
        const asked = (input as Partial<SetConcurrency> | null | undefined)?.concurrency;
        if (
          asked === null ||
          (Number.isInteger(asked) && Number(asked) >= 1 && Number(asked) <= MAX_CONCURRENCY)
        )
          return;
        refuse(
          `takes {"concurrency": N}, N requests in flight at most (1 to ${MAX_CONCURRENCY}), or null for no ceiling`,
        );
      },
    },
  );
  setHandler(confirmLimits, ({ lane: id, confirm }) => {
    const lane = lanes.get(id);
    if (lane?.confirm !== confirm) return;
    lane.held = lane.share;
    settle();
  });

  return {
    control,
    begin(concurrency) {
      if (ceiling === undefined) ceiling = concurrency;
    },
    expect(count, asking) {
      unfinished = count;
      asks = asking;
    },
    async lane(id, start) {
      let share = offered();
      for (; share < 1; share = offered()) await condition(() => offered() >= 1);
      const limits = limitsOf(share);
      const lane: Lane = { share, held: share, confirm: 0, told: limits, handle: undefined };
      lanes.set(id, lane);
      try {
        const handle = await start(divided() === null ? {} : { limits });
        lane.handle = handle;
        tell(lane);
        const result = await handle.result();
        unfinished--;
        return result;
      } finally {
        lanes.delete(id);
        settle();
      }
    },
  };
}
