import { BANDS, ROWS, VALUES } from '../../activities/dedupe/signature.ts';

/**
 * The probability that two sets of this similarity are found: that two signatures whose values agree independently of each
 * other, each with that probability, agree in a whole band and in `least` values or more.
 */
export function foundProbability(similarity: number, least: number): number {
  let found = 0;
  let chosen = 1;
  for (let equal = 0; equal <= VALUES; equal++) {
    if (equal >= least) {
      const apart = (NO_BAND[equal] as number) / chosen;
      const odds =
        logChoose(VALUES, equal) + powerLog(similarity, equal) + powerLog(1 - similarity, VALUES - equal);
      found += Math.exp(odds) * (1 - apart);
    }
    chosen = (chosen * (VALUES - equal)) / (equal + 1);
  }
  return found;
}

/** In how many ways `equal` values can agree so that no band agrees as a whole: ((1 + x)^ROWS − x^ROWS)^BANDS. */
const NO_BAND: readonly number[] = (() => {
  const band = Array.from({ length: ROWS }, (_, i) => Math.exp(logChoose(ROWS, i)));
  let all = [1];
  for (let i = 0; i < BANDS; i++) {
    const next = new Array<number>(all.length + ROWS).fill(0);
    for (const [a, ways] of all.entries()) {
      for (const [b, more] of band.entries()) next[a + b] = (next[a + b] as number) + ways * more;
    }
    all = next;
  }
  return Array.from({ length: VALUES + 1 }, (_, equal) => all[equal] ?? 0);
})();

function logChoose(n: number, k: number): number {
  let log = 0;
  for (let i = 0; i < k; i++) log += Math.log((n - i) / (i + 1));
  return log;
}
const powerLog = (base: number, exponent: number): number => (exponent === 0 ? 0 : exponent * Math.log(base));
