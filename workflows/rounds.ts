import { ActivityFailure, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { LaneLimits } from './contract.ts';
import { nextShare, sum, toCut } from './shares.ts';

export const UNLIMITED: LaneLimits = { paused: false, concurrency: null, rounds: null };

/**
 * The rounds of a lane that are under way, which share what the lane may have in flight. One whose share is cut ends,
 * with what it has kept, and begins again with another; while the lane is paused none is under way.
 */
export interface Rounds {
  readonly limits: LaneLimits;
  set(limits: LaneLimits): void;
  /** Whether what is under way, what is still ending included, keeps within the limits. */
  within(): boolean;
  /** Runs a round once there is a share for it, which `work` gets; and again when it was cut. */
  run<T>(work: (share: { concurrency?: number }) => Promise<T>): Promise<T>;
  /** A partition has ended: its share is for others. */
  left(): void;
}
interface Running {
  /** Requests in flight at most. */
  share: number;
  scope: CancellationScope;
  cut: boolean;
}

/** Opens the rounds of a lane with `partitions`, of which `most` are under way at once. */
export function openRounds(partitions: number, most: number, begun: LaneLimits): Rounds {
  let limits = begun;
  let unfinished = partitions;
  const running = new Set<Running>();
  const ceiling = (): number => limits.concurrency ?? Number.POSITIVE_INFINITY;
  const held = (): number[] => [...running].map(({ share }) => share);
  const staying = (): Running[] => [...running].filter(({ cut }) => !cut);
  const width = (): number => Math.min(most, unfinished, ceiling(), limits.rounds ?? most);

  function offered(): number {
    if (limits.paused) return 0;
    if (limits.concurrency === null) return Number.POSITIVE_INFINITY;
    return nextShare(limits.concurrency, held(), width() - staying().length);
  }
  function settle(): void {
    const rounds = staying();
    const shares = rounds.map(({ share }) => share);
    const cut = limits.paused
      ? rounds
      : limits.concurrency === null
        ? rounds.filter(({ share }) => Number.isFinite(share))
        : toCut(limits.concurrency, width(), shares).map((i) => rounds[i] as Running);
    for (const round of cut) {
      round.cut = true;
      round.scope.cancel();
    }
  }
  return {
    get limits() {
      return limits;
    },
    set(changed) {
      limits = changed;
      settle();
    },
    within: () => sum(held()) <= ceiling(),
    async run(work) {
      for (;;) {
        let share = offered();
        // Others are woken by the same news, and may have taken what there was.
        for (; share < 1; share = offered()) await condition(() => offered() >= 1);
        const scope = new CancellationScope();
        const round: Running = { share, scope, cut: false };
        running.add(round);
        try {
          return await scope.run(() => work(Number.isFinite(share) ? { concurrency: share } : {}));
        } catch (error) {
          if (!round.cut || !endedByCut(error)) throw error;
        } finally {
          running.delete(round);
        }
      }
    },
    left() {
      unfinished--;
      settle();
    },
  };
}

/** An activity that fails while its cancellation is on its way is not tried again by the server. */
const endedByCut = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED');
