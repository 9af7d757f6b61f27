import pLimit from 'p-limit';

/** Runs `task` for each item, at most `width` at a time, and gives the results in order. Rejects with the first failure. */
export function atOnce<T, R>(
  items: readonly T[],
  width: number,
  task: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const limit = pLimit(width);
  return Promise.all(items.map((item, index) => limit(() => task(item, index))));
}
