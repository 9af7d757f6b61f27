import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyRun } from '../../client/verify-run.ts';
import { logKey } from '../../lake/layout.ts';
import { readHead } from '../../lake/log.ts';
import { type DirectoryStore, directoryStore } from '../lake/directory-store.ts';
import { publishSample } from './publish-sample.ts';

const run = { domain: 'biomed', run: 'r1' };
const SHARDS = ['shard shard-00000-of-00002', 'shard shard-00001-of-00002'];
let store: DirectoryStore;
beforeEach(async () => {
  store = await directoryStore();
});
afterEach(() => store.remove());

const verify = () => verifyRun(store, run, () => {});

test('a whole publication passes every check, from the log to the last token', async () => {
  await publishSample(store, 'r0');
  await publishSample(store, 'r1');
  const checks = await verify();
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const names = checks.map(({ what }) => what);
  expect(names.slice(0, 3)).toEqual(['domain log', 'publication', 'manifest']);
  expect(names).toEqual(expect.arrayContaining(['rows balance', 'tokens balance', 'ledger', ...SHARDS]));
  expect(checks[0]?.detail).toMatch(/^2 entries/);
});

test('any byte changed in any object that a publication names is found', async () => {
  const { manifest, provenance, ledger, ledgerRounds, shards } = await publishSample(store, 'r1');
  const { entry } = await readHead(store, 'biomed');
  const objects = [
    manifest,
    provenance,
    ledger,
    ledgerRounds,
    ...shards.flatMap(({ bin, idx }) => [bin, idx]),
  ];
  const named = objects.flatMap((each) => (each === undefined ? [] : [each.key]));
  const publication = entry.published[0]?.publication.key ?? '';
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(publication, ...named),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (key, at, mask) => {
        const whole = await store.get(key);
        const changed = Uint8Array.from(whole);
        const i = at % changed.length;
        changed[i] = (changed[i] ?? 0) ^ mask;
        await store.put(key, changed);
        const checks = await verify();
        await store.put(key, whole);
        expect(checks.filter(({ ok }) => !ok)).toHaveLength(1);
      },
    ),
    { numRuns: 60 },
  );
});

test('a broken chain of the log is found, and the shards are looked at all the same', async () => {
  await publishSample(store, 'r0');
  await publishSample(store, 'r1');
  const key = logKey('biomed', 1);
  await store.put(key, `${new TextDecoder().decode(await store.get(key))} `);
  const checks = await verify();
  expect(checks.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual(['domain log']);
  expect(checks.map(({ what }) => what)).toEqual(expect.arrayContaining(SHARDS));
});

test('a run that published nothing is not found', async () => {
  await expect(verify()).rejects.toThrow(/names no publication of run r1/);
  await publishSample(store, 'r0');
  await expect(verify()).rejects.toMatchObject({ name: 'RunNotFound' });
});
