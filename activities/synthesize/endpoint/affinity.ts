import { hash64 } from '../../../lake/random.ts';

/**
 * The replicas in the order in which a request should have them, by rendezvous hashing (Thaler and Ravishankar, 1998):
 * requests of one affinity prefer the same replica, and when one comes or goes only its own requests move.
 */
export function rankedFor<T extends { name: string }>(
  affinity: string,
  replicas: readonly T[],
): readonly T[] {
  if (replicas.length < 2) return replicas;
  return replicas
    .map((replica) => ({ replica, weight: hash64('affinity', replica.name, affinity) }))
    .sort((a, b) => (a.weight > b.weight ? -1 : 1))
    .map(({ replica }) => replica);
}
