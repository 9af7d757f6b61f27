/** Keys from `from` up to, not including, `to`; `to` is 2^64 for the last range. */
export interface KeyRange {
  from: bigint;
  to: bigint;
}

/** Range `i` (from 0) of the `n` equal ranges of all 64-bit keys. Together they hold every key once. */
export function keyRange(i: number, n: number): KeyRange {
  if (!Number.isInteger(n) || !Number.isInteger(i) || i < 0 || i >= n) {
    throw new RangeError(`no range ${i} of ${n}`);
  }
  const bound = (k: number) => (BigInt(k) << 64n) / BigInt(n);
  return { from: bound(i), to: bound(i + 1) };
}
