export type Report = (line: string) => void;

/**
 * Says what is going on at once, with a hint where there is one, and every five seconds after with the seconds it has taken.
 * Call the result when it is over.
 */
export function saying(report: Report, what: string, hint?: string): () => void {
  const start = performance.now();
  report(hint === undefined ? `${what} …` : `${what} (${hint}) …`);
  const timer = setInterval(() => {
    report(`${what}, ${Math.round((performance.now() - start) / 1000)} s …`);
  }, 5_000);
  timer.unref();
  return () => clearInterval(timer);
}
