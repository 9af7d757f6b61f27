/** Adds counts by reason to a sum of them. */
export function addReasons(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [reason, count] of Object.entries(more)) sum[reason] = (sum[reason] ?? 0) + count;
}

/** Counts by reason as counts of a commit: `<what>:<reason>`. */
export function reasonCounts(what: string, reasons: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(reasons).map(([reason, count]) => [`${what}:${reason}`, count]));
}
