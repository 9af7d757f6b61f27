import type { EndpointLoad, RoundBeat } from '../../workflows/contract.ts';
import type { Described } from './temporal-state.ts';

/**
 * How busy the endpoints of a run are, by what rounds under way have told with their last heartbeats. All rounds of a worker
 * share one client of an endpoint: it counts once, however many of them tell of it. What is no such heartbeat is passed over.
 */
export function loadOf(raws: readonly Described[]): EndpointLoad[] {
  const workers = new Map<string, RoundBeat>();
  for (const { pendingActivities } of raws) {
    for (const { heartbeatDetails } of pendingActivities ?? []) {
      const beat = beatOf(heartbeatDetails?.payloads?.[0]?.data);
      if (beat !== undefined) workers.set(beat.worker, beat);
    }
  }
  const loads = new Map<string, EndpointLoad>();
  for (const { endpoints } of workers.values()) {
    for (const { endpoint, inFlight, waiting, limit, refused } of endpoints) {
      const sum = loads.get(endpoint) ?? { endpoint, inFlight: 0, waiting: 0, limit: 0, refused: 0 };
      loads.set(endpoint, {
        endpoint,
        inFlight: sum.inFlight + inFlight,
        waiting: sum.waiting + waiting,
        limit: sum.limit + limit,
        refused: sum.refused + refused,
      });
    }
  }
  return [...loads.values()].sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
}

function beatOf(data: Uint8Array | null | undefined): RoundBeat | undefined {
  if (!data) return undefined;
  try {
    const beat = JSON.parse(new TextDecoder().decode(data)) as Partial<RoundBeat> | null;
    const isLoad = (each: EndpointLoad): boolean =>
      typeof each.endpoint === 'string' &&
      [each.inFlight, each.waiting, each.limit, each.refused].every(Number.isFinite);
    if (typeof beat?.worker !== 'string' || !Array.isArray(beat.endpoints)) return undefined;
    return beat.endpoints.every(isLoad) ? (beat as RoundBeat) : undefined;
  } catch {
    return undefined;
  }
}
