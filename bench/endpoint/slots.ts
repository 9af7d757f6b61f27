/** A request's place in the batch: waiting, or in a slot. */
export interface Job {
  /** Seconds in a slot, once it has one; asked for then, when the prefix cache is as it will be. */
  seconds: () => number;
  /** Called when its time is over. */
  done: () => void;
}
/** A job that was in a slot: from when to when, in seconds of the clock, and whether it came to its end. */
export interface Served {
  from: number;
  to: number;
  whole: boolean;
}
export interface Slots {
  /** Starts a job, or lets it wait; the answer takes it out again, wherever it is. */
  add(job: Job): () => void;
  waiting(): number;
  busy(): number;
  /** Takes everything out. */
  clear(): void;
}

interface Waiting extends Job {
  arrived: number;
}
interface Running {
  from: number;
  timer: NodeJS.Timeout;
}

/**
 * Continuous batching: `count` slots and a queue, first come, first served. A slot that becomes free takes the next one
 * at the moment at which its last one's time was over, not at that at which a busy machine comes to look: what is waiting
 * is worked on without a gap, so that capacity does not depend on the machine.
 */
export function openSlots(count: number, now: () => number, onServed: (served: Served) => void): Slots {
  let queue: Waiting[] = [];
  let head = 0;
  const running = new Map<Waiting, Running>();

  function start(job: Waiting, freeSince: number): void {
    const from = Math.max(job.arrived, freeSince);
    const to = from + job.seconds();
    const finish = (): void => {
      running.delete(job);
      onServed({ from, to, whole: true });
      job.done();
      next(to);
    };
    running.set(job, { from, timer: setTimeout(finish, Math.max(0, to - now()) * 1000) });
  }
  function next(freeSince: number): void {
    const job = queue[head];
    if (job === undefined) return;
    head++;
    if (head > 1024) {
      queue = queue.slice(head);
      head = 0;
    }
    start(job, freeSince);
  }
  function leave(job: Waiting): void {
    const place = running.get(job);
    if (place === undefined) {
      const at = queue.indexOf(job, head);
      if (at >= 0) queue.splice(at, 1);
      return;
    }
    clearTimeout(place.timer);
    running.delete(job);
    const to = Math.max(place.from, now());
    onServed({ from: place.from, to, whole: false });
    next(to);
  }
  return {
    add(job) {
      const arrived: Waiting = { ...job, arrived: now() };
      if (running.size < count) start(arrived, 0);
      else queue.push(arrived);
      return () => leave(arrived);
    },
    waiting: () => queue.length - head,
    busy: () => running.size,
    clear() {
      queue = [];
      head = 0;
      for (const job of [...running.keys()]) leave(job);
    },
  };
}
