import type { StoreRequest } from '../s3-proxy.ts';

/** Who of two that meet goes first: the one that came first, or the one that came second. */
export type Order = 'first' | 'second';

/** How long one waits for the other; shorter than a request's own time-out. */
const WAIT_MS = 45_000;

interface Meeting {
  came: number;
  /** Ends when the second has come. */
  both: Signal;
  /** Ends when the store has answered the one that goes first. */
  leader: Signal;
  statuses: number[];
}

/** Places where two senders meet before either goes on; then they go one after the other. */
export class Meetings {
  readonly #order: Order;
  readonly #meetings = new Map<string, Meeting>();
  constructor(order: Order) {
    this.#order = order;
  }

  /** Waits until it is this sender's turn. Rejects when nobody else comes. */
  async meet(place: string): Promise<void> {
    const meeting = this.#meetings.get(place) ?? { came: 0, both: signal(), leader: signal(), statuses: [] };
    this.#meetings.set(place, meeting);
    const number = ++meeting.came;
    if (number === 2) meeting.both.end();
    if (number > 2) return;
    const leads = number === (this.#order === 'first' ? 1 : 2);
    const alone = setTimeout(() => meeting.both.fail(new Error(`nobody else came to ${place}`)), WAIT_MS);
    await meeting.both.ended.finally(() => clearTimeout(alone));
    if (!leads) await meeting.leader.ended;
  }

  /** Notes the store's answer to the sender whose turn it was. */
  answered(place: string, status: number): void {
    const meeting = this.#meetings.get(place);
    meeting?.statuses.push(status);
    meeting?.leader.end();
  }

  /** The answers to both, in the order in which they went, by place. */
  results(): Map<string, number[]> {
    return new Map([...this.#meetings].map(([place, { statuses }]) => [place, statuses]));
  }
}

/** A sender's own way of naming places: the write without its attempt, and how often it has come to it. */
export function placeOf(visits: Map<string, number>, { key, upload }: StoreRequest): string {
  const write = `${key.replace(/\/[0-9a-f]{32}\//, '/<attempt>/')} ${upload ?? ''}`;
  const visit = (visits.get(write) ?? 0) + 1;
  visits.set(write, visit);
  return `${write}#${visit}`;
}

interface Signal {
  ended: Promise<void>;
  end: () => void;
  fail: (error: Error) => void;
}
function signal(): Signal {
  let end = (): void => {};
  let fail = (_: Error): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  ended.catch(() => {});
  return { ended, end, fail };
}
