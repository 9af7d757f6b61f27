import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DomainLost, DomainTaken, RunPublished } from '../../lake/errors.ts';
import {
  append,
  checkLog,
  type LogState,
  liveIndex,
  type PublishedRun,
  publishedRun,
  readHead,
  readLog,
  withClose,
  withOpen,
  withoutRun,
  withPublication,
} from '../../lake/log.ts';
import { type DirectoryStore, directoryStore } from './directory-store.ts';

const EMPTY: LogState = { open: null, published: [], tombstones: [] };
const at = (run: string, generation = 1) => ({ run, generation });
const ref = (name: string) => ({ key: `o/${name}`, sha256: name });
const full = (run: string): PublishedRun => ({ ...at(run), mode: 'full', publication: ref(run) });
const night = (run: string, segment = `segment ${run}`): PublishedRun => ({
  ...at(run),
  mode: 'incremental',
  publication: ref(run),
  segment: ref(segment),
});
const dead = (run: string) => ({ run, size: 8, ...ref(`dead ${run}`) });
/** A night from its start to its publication. */
function pass(state: LogState, run: string, tombstones?: ReturnType<typeof dead>): LogState {
  const open = withOpen(state, at(run)) ?? state;
  const change = { base: liveIndex(state), ...(tombstones && { tombstones }) };
  return withPublication(open, night(run), change) ?? open;
}

describe('a domain', () => {
  test('is held by one run at a time, and asking again changes nothing', () => {
    const open = withOpen(EMPTY, at('a')) as LogState;
    expect(open).toEqual({ ...EMPTY, open: at('a') });
    expect(withOpen(open, at('a'))).toBeUndefined();
    expect(() => withOpen(open, at('b'))).toThrow(DomainTaken);
    expect(() => withOpen(open, at('b'))).toThrow('abandon <domain>/a');
  });
  test('goes over to a later generation of its run, and not to an earlier one', () => {
    const later = withOpen(withOpen(EMPTY, at('a')) as LogState, at('a', 2)) as LogState;
    expect(later.open).toEqual(at('a', 2));
    expect(() => withOpen(later, at('a'))).toThrow(DomainTaken);
    // What is left of the earlier one can neither close nor publish.
    expect(withClose(later, at('a'))).toBeUndefined();
    expect(() => withPublication(later, night('a'), { base: liveIndex(later) })).toThrow(DomainLost);
  });
  test('is closed by its holder alone', () => {
    const open = withOpen(EMPTY, at('a')) as LogState;
    expect(withClose(open, at('b'))).toBeUndefined();
    expect(withClose(open, at('a'))).toEqual(EMPTY);
    expect(withClose(EMPTY, at('a'))).toBeUndefined();
  });
});

describe('a publication', () => {
  test('of an incremental run lets go of its domain; publishing once more changes nothing', () => {
    const open = withOpen(EMPTY, at('a')) as LogState;
    const change = { base: liveIndex(EMPTY), tombstones: dead('a') };
    const published = withPublication(open, night('a'), change) as LogState;
    expect(published).toEqual({ open: null, published: [night('a')], tombstones: [dead('a')] });
    expect(withPublication(published, night('a'), change)).toBeUndefined();
  });
  test('needs the domain', () => {
    const change = { base: liveIndex(EMPTY) };
    expect(() => withPublication(EMPTY, night('a'), change)).toThrow('nobody holds it');
    const other = withOpen(EMPTY, at('b')) as LogState;
    expect(() => withPublication(other, night('a'), change)).toThrow('run b holds it');
  });
  test('needs the index as it was: publications, segments and tombstones', () => {
    const state = withOpen(pass(pass(EMPTY, 'a'), 'b', dead('b')), at('c')) as LogState;
    const base = liveIndex(state);
    const publish = (changed: LogState) => withPublication(changed, night('c'), { base });
    expect(publish(state)?.published.map(({ run }) => run)).toEqual(['a', 'b', 'c']);
    const [a, b] = state.published as [PublishedRun, PublishedRun];
    for (const changed of [
      { ...state, published: [a] },
      { ...state, published: [b, a] },
      { ...state, published: [{ ...a, segment: ref('compacted') }, b] },
      { ...state, published: [{ ...a, generation: 2 }, b] },
      { ...state, tombstones: [] },
    ])
      expect(() => publish(changed)).toThrow(DomainLost);
  });
  test('of a full run needs nothing, and leaves the domain to whoever holds it', () => {
    const open = withOpen(pass(EMPTY, 'a'), at('b')) as LogState;
    const both = withPublication(open, full('x')) as LogState;
    expect(both.open).toEqual(at('b'));
    expect(liveIndex(both)).toEqual(liveIndex(open));
    expect(withPublication(both, night('b'), { base: liveIndex(open) })?.open).toBeNull();
  });
  test('of other content under the same generation is refused before all else', () => {
    const again = { ...night('a'), publication: ref('other') };
    expect(() => withPublication(pass(EMPTY, 'a'), again, { base: liveIndex(EMPTY) })).toThrow(RunPublished);
  });
});

describe('a run that is retracted', () => {
  test('goes with its tombstones, and leaves those of others', () => {
    const state = pass(pass(pass(EMPTY, 'a'), 'b', dead('b')), 'c', dead('c'));
    const without = withoutRun(state, 'b') as LogState;
    expect(without.published.map(({ run }) => run)).toEqual(['a', 'c']);
    expect(without.tombstones).toEqual([dead('c')]);
    expect(withoutRun(without, 'b')).toBeUndefined();
    // Its name is free again.
    expect(pass(without, 'b').published.map(({ run }) => run)).toEqual(['a', 'c', 'b']);
  });
  test('waits until no incremental run is open', () => {
    const open = withOpen(pass(EMPTY, 'a'), at('b')) as LogState;
    expect(() => withoutRun(open, 'a')).toThrow(DomainTaken);
    expect(withoutRun(open, 'never')).toBeUndefined();
  });
});

test('the index names each segment once, and neither full runs nor those without a segment', () => {
  const { segment: _, ...bare } = night('n');
  const published = [night('a', 's'), full('x'), night('b', 's'), bare, night('c')];
  expect(liveIndex({ ...EMPTY, published })).toEqual({
    runs: [at('a'), at('b'), at('c')],
    segments: [ref('s'), ref('segment c')],
    tombstones: [],
  });
});

describe('many writers at once', () => {
  let store: DirectoryStore;
  beforeEach(async () => {
    store = await directoryStore();
  });
  afterEach(() => store.remove());

  type Plan = { ends: 'publishes' | 'closes' | 'retracts'; mode: 'full' | 'incremental' };
  const plans = fc.array(
    fc.record<Plan>({
      ends: fc.constantFrom('publishes', 'closes', 'retracts'),
      mode: fc.constantFrom('full', 'incremental'),
    }),
    { minLength: 2, maxLength: 7 },
  );
  const taken = (error: unknown): undefined => {
    if (!(error instanceof DomainTaken)) throw error;
    return undefined;
  };
  const pause = () => new Promise((resolve) => setImmediate(resolve));
  async function untilFree<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const done = await work().catch(taken);
      if (done !== undefined) return done;
      await pause();
    }
  }
  async function live(domain: string, run: string, { ends, mode }: Plan): Promise<void> {
    if (mode === 'full') {
      await append(store, domain, (state) => withPublication(state, full(run)));
    } else {
      const { entry } = await untilFree(() => append(store, domain, (state) => withOpen(state, at(run))));
      expect(entry.open).toEqual(at(run));
      const base = liveIndex(entry);
      await pause();
      const change = { base, tombstones: dead(run) };
      await append(store, domain, (state) =>
        ends === 'closes' ? withClose(state, at(run)) : withPublication(state, night(run), change),
      );
    }
    if (ends === 'retracts') {
      await untilFree(() => append(store, domain, (state) => withoutRun(state, run)));
    }
  }

  test('each gets its turn, the domain goes from hand to hand, and the chain stays whole', async () => {
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(plans, async (all) => {
        const domain = `d${turn++}`;
        await Promise.all(all.map((plan, i) => live(domain, `r${i}`, plan)));
        let before: LogState = EMPTY;
        for await (const { entry } of readLog(store, domain)) {
          // Never from one run to another.
          if (before.open !== null && entry.open !== null) expect(entry.open).toEqual(before.open);
          if (before.open !== null) {
            const gone = before.published.filter(({ run }) => publishedRun(entry, run) === undefined);
            expect(gone).toEqual([]);
          }
          before = entry;
        }
        const { entry } = await readHead(store, domain);
        expect((await checkLog(store, domain)).entry).toEqual(entry);
        expect(entry.open).toBeNull();
        const stay = all.flatMap(({ ends, mode }, i) =>
          ends === 'publishes' || (ends === 'closes' && mode === 'full') ? [`r${i}`] : [],
        );
        expect(entry.published.map(({ run }) => run).sort()).toEqual(stay);
        const nights = stay.filter((run) => all[Number(run.slice(1))]?.mode === 'incremental');
        expect(entry.tombstones.map(({ run }) => run).sort()).toEqual(nights);
      }),
      { numRuns: 30 },
    );
  });
});
