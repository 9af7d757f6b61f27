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
const activity = (beat: unknown, { state = 2, nanos = 0 } = {}) => ({
  state,
  lastHeartbeatTime: { nanos },
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

test('who has beaten last tells of a worker, and nobody who waits for a next attempt', () => {
  const late = activity(beat('a', load('gpu', 4)), { nanos: 2 });
  const early = activity(beat('a', load('gpu', 9)), { nanos: 1 });
  const told = [{ endpoint: 'gpu', inFlight: 4, waiting: 1, limit: 16, refused: 2 }];
  expect(loadOf([{ pendingActivities: [late, early] }])).toEqual(told);
  expect(loadOf([{ pendingActivities: [early, late] }])).toEqual(told);
  const gone = activity(beat('dead', load('gpu', 16)), { state: 1 });
  expect(loadOf([{ pendingActivities: [gone, late] }])).toEqual(told);
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
    loadOf([
      {
        pendingActivities: [
          ...strange.map((each) => activity(each)),
          {},
          { heartbeatDetails: { payloads: [] } },
        ],
      },
    ]),
  ).toEqual([]);
  expect(loadOf([{}])).toEqual([]);
});
