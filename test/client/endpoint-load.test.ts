import { expect, test } from 'vitest';
import { loadOf } from '../../client/view/endpoint-load.ts';
import type { EndpointLoad, RoundBeat } from '../../workflows/contract.ts';

const load = (endpoint: string, inFlight: number): EndpointLoad => ({
  endpoint,
  inFlight,
  waiting: 1,
  limit: 16,
  refused: 2,
});
const activity = (beat: unknown) => ({
  heartbeatDetails: { payloads: [{ data: new TextEncoder().encode(JSON.stringify(beat)) }] },
});
const beat = (worker: string, ...endpoints: EndpointLoad[]): RoundBeat => ({ worker, endpoints });

test('the rounds of a worker tell of one client; those of several workers add up', () => {
  const one = activity(beat('a', load('gpu', 4)));
  expect(
    loadOf([
      { pendingActivities: [one, one] },
      { pendingActivities: [activity(beat('b', load('gpu', 5), load('eu', 1)))] },
    ]),
  ).toEqual([
    { endpoint: 'eu', inFlight: 1, waiting: 1, limit: 16, refused: 2 },
    { endpoint: 'gpu', inFlight: 9, waiting: 2, limit: 32, refused: 4 },
  ]);
});

test('what is no such heartbeat is passed over', () => {
  const strange = [
    null,
    7,
    {},
    { worker: 'a' },
    { worker: 'a', endpoints: [{ endpoint: 'x', inFlight: 'many' }] },
  ];
  expect(
    loadOf([{ pendingActivities: [...strange.map(activity), {}, { heartbeatDetails: { payloads: [] } }] }]),
  ).toEqual([]);
  expect(loadOf([{}])).toEqual([]);
});
