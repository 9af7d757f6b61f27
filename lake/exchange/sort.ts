/** Records in a bucket, about, when keys are spread evenly, as hashes are. */
const BUCKET = 8;
const MAX_BITS = 20;
/** A bucket above this is sorted by the runtime: keys that are not spread cost time, never order. */
const SHORT = 48;

/**
 * The order of `n` records by (hi, lo), then by `compare` (a total order on what the keys leave open). `keys` holds hi
 * and lo of record i at i × `stride`. One pass throws the keys into buckets by their upper bits, so that what is
 * compared lies together in memory: with three million records, reaching for keys all over it is what takes the time.
 */
export function orderByKey(
  keys: Uint32Array,
  stride: number,
  n: number,
  compare: (a: number, b: number) => number,
): Uint32Array {
  const bits = Math.min(MAX_BITS, Math.max(1, Math.ceil(Math.log2(Math.max(1, n / BUCKET)))));
  const shift = 32 - bits;
  const ends = new Uint32Array(2 ** bits + 1);
  for (let i = 0; i < n; i++) {
    const bucket = ((keys[i * stride] as number) >>> shift) + 1;
    ends[bucket] = (ends[bucket] as number) + 1;
  }
  for (let b = 1; b < ends.length; b++) ends[b] = (ends[b] as number) + (ends[b - 1] as number);

  const hi = new Uint32Array(n);
  const lo = new Uint32Array(n);
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const bucket = (keys[i * stride] as number) >>> shift;
    const place = ends[bucket] as number;
    ends[bucket] = place + 1;
    hi[place] = keys[i * stride] as number;
    lo[place] = keys[i * stride + 1] as number;
    order[place] = i;
  }

  function insertion(start: number, end: number): void {
    for (let i = start + 1; i < end; i++) {
      const upper = hi[i] as number;
      const lower = lo[i] as number;
      const record = order[i] as number;
      let k = i - 1;
      while (k >= start && isAfter(k, upper, lower, record)) {
        hi[k + 1] = hi[k] as number;
        lo[k + 1] = lo[k] as number;
        order[k + 1] = order[k] as number;
        k--;
      }
      hi[k + 1] = upper;
      lo[k + 1] = lower;
      order[k + 1] = record;
    }
  }
  function isAfter(k: number, upper: number, lower: number, record: number): boolean {
    if (hi[k] !== upper) return (hi[k] as number) > upper;
    if (lo[k] !== lower) return (lo[k] as number) > lower;
    return compare(order[k] as number, record) > 0;
  }
  function compareWhole(a: number, b: number): number {
    const upper = (keys[a * stride] as number) - (keys[b * stride] as number);
    return upper || (keys[a * stride + 1] as number) - (keys[b * stride + 1] as number) || compare(a, b);
  }

  // The scatter moved every bucket's start to its end, which is where the next one starts.
  for (let b = 0, start = 0; b < 2 ** bits; b++) {
    const end = ends[b] as number;
    if (end - start > SHORT) order.subarray(start, end).sort(compareWhole);
    else insertion(start, end);
    start = end;
  }
  return order;
}
