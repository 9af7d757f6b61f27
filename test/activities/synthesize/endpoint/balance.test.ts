import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rankedFor } from '../../../../activities/synthesize/endpoint/affinity.ts';
import { type Candidate, type Place, pickNext } from '../../../../activities/synthesize/endpoint/balance.ts';
import { openQueue } from '../../../../activities/synthesize/endpoint/queue.ts';

interface Server extends Place {
  usable: boolean;
  limiter: { inFlight: number; limit: number };
}
type Asker = Candidate<Server> & { id: string };

function server(name: string, limit: number): Server {
  const limiter = { inFlight: 0, limit };
  return {
    name,
    limiter,
    usable: true,
    get room() {
      return this.usable && limiter.inFlight < limiter.limit;
    },
  };
}
const asker = (id: string, ranked: readonly Server[], more: Partial<Asker> = {}): Asker => ({
  id,
  line: 0,
  since: 0,
  again: false,
  avoid: undefined,
  ranked,
  ...more,
});

describe('the queue', () => {
  test('is in the order of lines, in each those that had a turn before go first', () => {
    const queue = openQueue<Asker>();
    for (const [id, line, again] of [
      ['c', 2, false],
      ['a', 1, false],
      ['b', 1, false],
      ['z', 1, true],
    ] as const) {
      queue.add(asker(id, [], { line, again }));
    }
    expect([...queue].map(({ id }) => id)).toEqual(['z', 'a', 'b', 'c']);
    expect(queue.oldest(2).map(({ id }) => id)).toEqual(['z', 'a']);
    for (const entry of queue.oldest(9)) queue.remove(entry);
    expect(queue.oldest(9).map(({ id }) => id)).toEqual(['c']);
    expect(queue.size).toBe(1);
  });
  test('whatever is added and removed, it holds what was added and not removed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ line: fc.nat(3), again: fc.boolean(), gone: fc.boolean() })),
        (all) => {
          const queue = openQueue<Asker>();
          const entries = all.map((each, i) => ({ ...each, ...asker(`${i}`, [], each) }));
          for (const entry of entries) queue.add(entry);
          for (const entry of entries) if (entry.gone) queue.remove(entry);
          const left = entries.filter(({ gone }) => !gone);
          expect(queue.size).toBe(left.length);
          const order = (each: (typeof entries)[number]) => each.line * 2 + (each.again ? 0 : 1);
          expect([...queue]).toEqual(left.toSorted((a, b) => order(a) - order(b)));
        },
      ),
    );
  });
});

describe('a turn', () => {
  test('goes to the oldest line, and every eighth to who has waited longest', () => {
    const one = server('one', 100);
    const queue = openQueue<Asker>();
    queue.add(asker('old line', [one], { line: 1, since: 50 }));
    queue.add(asker('young line', [one], { line: 2, since: 10 }));
    expect(pickNext(queue, [one], 7)?.entry.id).toBe('old line');
    expect(pickNext(queue, [one], 8)?.entry.id).toBe('young line');
  });
  test('is at the replica that the request prefers, else at the least loaded of those that have room', () => {
    const [a, b, c] = [server('a', 4), server('b', 4), server('c', 4)];
    const queue = openQueue<Asker>();
    queue.add(asker('x', [a, b, c]));
    expect(pickNext(queue, [a, b, c], 1)).toMatchObject({ place: a, preferred: true });
    a.limiter.inFlight = 4;
    b.limiter.inFlight = 2;
    expect(pickNext(queue, [a, b, c], 1)).toMatchObject({ place: c, preferred: false });
    c.limiter.inFlight = 4;
    expect(pickNext(queue, [a, b, c], 1)?.place).toBe(b);
    b.limiter.inFlight = 4;
    expect(pickNext(queue, [a, b, c], 1)).toBeUndefined();
  });
  test('is not where it has just failed, unless there is no other', () => {
    const [a, b] = [server('a', 4), server('b', 4)];
    const queue = openQueue<Asker>();
    queue.add(asker('x', [a, b], { avoid: a }));
    expect(pickNext(queue, [a, b], 1)?.place).toBe(b);
    b.usable = false;
    expect(pickNext(queue, [a, b], 1)?.place).toBe(a);
  });
});

describe('affinity', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `gpu${i}:8000` }));
  const slots = Array.from({ length: 2_000 }, (_, i) => `slot ${i}`);
  test('spreads slots evenly, and keeps all but its own where they are when a replica goes', () => {
    const four = names(4);
    const three = four.slice(0, 3);
    const counts = new Map<string, number>();
    for (const slot of slots) {
      const name = rankedFor(slot, four)[0]?.name ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (name !== 'gpu3:8000') expect(rankedFor(slot, three)[0]?.name).toBe(name);
    }
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(75);
  });
  test('holds for almost nine of ten requests while all replicas are full', () => {
    const places = names(4).map(({ name }) => server(name, 32));
    const queue = openQueue<Asker>();
    const busy: Server[] = [];
    let preferred = 0;
    let turns = 0;
    for (const slot of slots) {
      queue.add(asker(slot, rankedFor(slot, places)));
      if (queue.size < 256) continue;
      for (;;) {
        const next = pickNext(queue, places, turns + 1);
        if (next === undefined) break;
        turns++;
        queue.remove(next.entry);
        next.place.limiter.inFlight++;
        busy.push(next.place);
        if (next.preferred) preferred++;
      }
      // One of those under way ends, whichever: their order is as good as drawn.
      const [done] = busy.splice((turns * 7919) % busy.length, 1);
      if (done !== undefined) done.limiter.inFlight--;
    }
    expect(preferred / turns).toBeGreaterThan(0.85);
  });
});
