import type { Pool } from './pools.ts';

/** How varied a pool is. */
export interface PoolStatistics {
  /** Distinct wordings. */
  wordings: number;
  /** Distinct wordings once runs of white space count as one space. */
  skeletons: number;
  /** exp(entropy) of the draws over skeletons: as many equally likely ones would be as varied. */
  effective: number;
  /** Share of the draws that give a plain form (`isPlain`). */
  plain: number;
}

/** Measures a pool. */
export const poolStatistics = (pool: Pool): PoolStatistics =>
  statisticsOf(new Map(pool.wordings.map(({ text, weight }) => [text, weight])));

/** Measures wordings by their weights, or by how often each was drawn. */
export function statisticsOf(weights: ReadonlyMap<string, number>): PoolStatistics {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const shares = new Map<string, number>();
  let plain = 0;
  for (const [text, weight] of weights) {
    const skeleton = text.replace(/\s+/g, ' ');
    shares.set(skeleton, (shares.get(skeleton) ?? 0) + weight / total);
    if (isPlain(text)) plain += weight / total;
  }
  const entropy = [...shares.values()].reduce((sum, share) => sum - share * Math.log(share), 0);
  return { wordings: weights.size, skeletons: shares.size, effective: Math.exp(entropy), plain };
}

/** Whether a wording is its data alone, with line breaks and the labels Q, A, Question, Answer or Reasoning at most. */
export function isPlain(text: string): boolean {
  const left = text.replace(/\{[a-z-]+\}/g, '').replace(/\b(q|a|question|answer|reasoning)\b/gi, '');
  return /^[\s:]*$/.test(left);
}
