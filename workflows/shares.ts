/**
 * How a ceiling of requests in flight is divided: pure arithmetic. Whoever runs holds a share; what is handed out never
 * exceeds the ceiling, since a share grows only by what is free.
 */

/** Rounds that one worker takes at once: fewer would leave its places empty, more would hold shares while they wait for one. */
const ROUNDS_OF_A_WORKER = 8;
/** Requests of a round from which on more rounds are better than larger ones: other workers can take them. */
const REQUESTS_OF_A_ROUND = 32;

export const sum = (shares: readonly number[]): number => shares.reduce((total, share) => total + share, 0);

/** Indices by the shares held, the smallest first. */
const smallestFirst = (held: readonly number[]): number[] =>
  held.map((_, i) => i).sort((a, b) => (held[a] as number) - (held[b] as number) || a - b);

/** Rounds to have under way with `share` of a ceiling, together with those who hold the rest of it. */
export function roundsOf(share: number, ceiling: number): number {
  const all = Math.max(Math.min(ceiling, ROUNDS_OF_A_WORKER), Math.ceil(ceiling / REQUESTS_OF_A_ROUND));
  return Math.ceil((all * share) / ceiling);
}

/** The share of the next one of `open` who are still to come; 0: it waits until more is free. */
export function nextShare(ceiling: number, held: readonly number[], open: number): number {
  return open < 1 ? 0 : Math.max(0, Math.floor((ceiling - sum(held)) / open));
}

/** Shares for a ceiling that those held exceed: nobody's grows, so that all can be cut down at once. The last may get none. */
export function cutDown(ceiling: number, held: readonly number[]): number[] {
  const [each, rest] = [Math.floor(ceiling / held.length), ceiling % held.length];
  return held.map((share, i) => Math.min(share, each + (i < rest ? 1 : 0)));
}

/** What is free is given to the smallest shares, up to a common level; nobody's share falls. */
export function levelUp(ceiling: number, held: readonly number[]): number[] {
  const shares = [...held];
  const order = smallestFirst(held);
  let free = ceiling - sum(held);
  for (let n = 1; n <= order.length && free > 0; n++) {
    // The n smallest are at one level; the next one's is as far as they go together.
    const level = shares[order[n - 1] as number] as number;
    const next = n < order.length ? (shares[order[n] as number] as number) : Number.POSITIVE_INFINITY;
    const gain = Math.min((next - level) * n, free);
    const [each, rest] = [Math.floor(gain / n), gain % n];
    for (let k = 0; k < n; k++) (shares[order[k] as number] as number) += each + (k < rest ? 1 : 0);
    free -= gain;
  }
  return shares;
}

/**
 * Which of those under way are to end and begin again with another share, by index: those that hold too much, or that
 * are too many for the `width` that may run; else the smallest, as far as each of them would have at least twice as much.
 */
export function toCut(ceiling: number, width: number, held: readonly number[]): number[] {
  const order = smallestFirst(held);
  if (held.length > width || sum(held) > ceiling) {
    const fair = width === 0 ? 0 : Math.floor(ceiling / width);
    const kept = order.filter((i) => (held[i] as number) <= fair).slice(0, width);
    return order.filter((i) => !kept.includes(i)).sort((a, b) => a - b);
  }
  const open = width - held.length;
  for (let n = order.length; n > 0; n--) {
    const cut = order.slice(0, n);
    const others = sum(order.slice(n).map((i) => held[i] as number));
    const largest = held[cut[n - 1] as number] as number;
    if (nextShare(ceiling - others, [], n + open) >= 2 * largest) return cut.sort((a, b) => a - b);
  }
  return [];
}
