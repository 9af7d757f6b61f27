import type { EndpointLoad, RoundBeat } from '../../workflows/contract.ts';
import type { Described } from './temporal-state.ts';

/** As Temporal numbers the states of a pending activity: a worker has it. */
const STARTED = 2;

/**
 * How busy the endpoints of a run are, by what rounds under way have told with their last heartbeats. All rounds of a worker
 * share one client of an endpoint: it counts once, as who has beaten last tells of it. A round that waits for its next attempt
 * keeps the heartbeat of its last one, which says nothing any more; what is no such heartbeat is passed over.
 */
export function loadOf(raws: readonly Described[]): EndpointLoad[] {
  const workers = new Map<string, { at: number; endpoints: EndpointLoad[] }>();
  for (const { pendingActivities } of raws) {
    for (const { state, heartbeatDetails, lastHeartbeatTime } of pendingActivities ?? []) {
      const beat = state === STARTED ? beatOf(heartbeatDetails?.payloads?.[0]?.data) : undefined;
      if (beat === undefined) continue;
      const { worker, endpoints } = beat;
      const at = Number(lastHeartbeatTime?.seconds ?? 0) + (lastHeartbeatTime?.nanos ?? 0) / 1e9;
      if (at >= (workers.get(worker)?.at ?? 0)) workers.set(worker, { at, endpoints });
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
