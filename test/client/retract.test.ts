import { afterEach, beforeEach, expect, test } from 'vitest';
import { retractRun } from '../../client/retract-run.ts';
import { standingOf } from '../../client/standing.ts';
import { BadUsage, DomainTaken, RunNotFound } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { append, liveIndex, readHead, withClose, withOpen, withPublication } from '../../lake/log.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { type DirectoryStore, directoryStore } from '../lake/directory-store.ts';

const DOMAIN = 'd';
let store: DirectoryStore;
beforeEach(async () => {
  store = await directoryStore();
});
afterEach(() => store.remove());

async function saved(key: string, body: Uint8Array | string) {
  await store.put(key, body);
  return { name: key, key, sha256: sha256(body), size: Buffer.byteLength(body) };
}

/** Publishes a run whose duplicates were dropped in favour of these runs, one document each. */
async function publish(run: string, mode: 'full' | 'incremental', ...keptRuns: string[]): Promise<void> {
  const table = parquetBytes([{ name: 'keptRun', type: 'string', data: keptRuns }]);
  const duplicates = await saved(`${run}/duplicates.parquet`, table);
  const { key, sha256: hash } = await saved(`${run}/publication.json`, canonicalJson({ duplicates }));
  const published = { run, generation: 1, mode, publication: { key, sha256: hash } };
  if (mode === 'full') {
    await append(store, DOMAIN, (state) => withPublication(state, published));
    return;
  }
  const { entry } = await append(store, DOMAIN, (state) => withOpen(state, { run, generation: 1 }));
  const segment = { key: `${run}/segment.json`, sha256: run };
  const tombstones = { run, key: `${run}/gone.run`, sha256: run, size: 1 };
  const change = { base: liveIndex(entry), tombstones };
  await append(store, DOMAIN, (state) => withPublication(state, { ...published, segment }, change));
}
const retract = (run: string, force = false) => retractRun(store, { domain: DOMAIN, run }, force);
const standing = (run: string) => standingOf(store, { domain: DOMAIN, run });
const live = async () => {
  const { published, tombstones } = (await readHead(store, DOMAIN)).entry;
  return { runs: published.map(({ run }) => run), dead: tombstones.map(({ run }) => run) };
};

test('a publication on which none rests is taken out, with its tombstones', async () => {
  await publish('n1', 'incremental');
  await publish('n2', 'incremental', 'n1', 'n2');
  await publish('f', 'full', 'f', 'f');
  expect(await retract('n2')).toMatchObject({ mode: 'incremental', tombstones: true, dependents: [] });
  expect(await live()).toEqual({ runs: ['n1', 'f'], dead: ['n1'] });
  expect(await retract('f')).toMatchObject({ mode: 'full', tombstones: false, dependents: [] });
  expect(await live()).toEqual({ runs: ['n1'], dead: ['n1'] });
  expect([await standing('n1'), await standing('n2'), await standing('f')]).toEqual([
    'published',
    'retracted',
    'retracted',
  ]);
});

test('one in whose favour later runs have dropped documents stays, unless it is forced', async () => {
  await publish('n1', 'incremental');
  await publish('n2', 'incremental', 'n1', 'n1', 'n2');
  await publish('n3', 'incremental', 'n2', 'n3');
  await publish('n4', 'incremental', 'n1');
  const refused = retract('n1');
  await expect(refused).rejects.toThrow(BadUsage);
  await expect(refused).rejects.toThrow(/\n {2}- d\/n2: 2\n {2}- d\/n4: 1\n.*--force/);
  expect((await live()).runs).toEqual(['n1', 'n2', 'n3', 'n4']);
  // Those that were retracted themselves need nothing any more.
  await retract('n4');
  const dependents = [{ run: 'n2', documents: 2 }];
  expect(await retract('n1', true)).toMatchObject({ dependents });
  expect(await live()).toEqual({ runs: ['n2', 'n3'], dead: ['n2', 'n3'] });
});

test('nothing is taken out that is not there, or while an incremental run holds the domain', async () => {
  await expect(retract('n1')).rejects.toThrow(RunNotFound);
  await publish('n1', 'incremental');
  await append(store, DOMAIN, (state) => withOpen(state, { run: 'n2', generation: 1 }));
  await expect(retract('n1', true)).rejects.toThrow(DomainTaken);
  expect([await standing('n2'), await standing('never')]).toEqual(['open', null]);
  await append(store, DOMAIN, (state) => withClose(state, { run: 'n2', generation: 1 }));
  expect(await standing('n2')).toBe('closed');
  await retract('n1');
  await expect(retract('n1')).rejects.toThrow(RunNotFound);
});

test('a publication that comes in while tables are read is looked at as well', async () => {
  await publish('n1', 'incremental');
  const racing = {
    ...store,
    async find(key: string) {
      const found = await store.find(key);
      // As soon as the log was read for the first time.
      if (key.endsWith('000000000003.json') && !raced) {
        raced = true;
        await publish('n2', 'incremental', 'n1');
      }
      return found;
    },
  };
  let raced = false;
  await expect(retractRun(racing, { domain: DOMAIN, run: 'n1' }, false)).rejects.toThrow(DomainTaken);
  expect((await live()).runs).toEqual(['n1', 'n2']);
  await expect(retract('n1')).rejects.toThrow('d/n2: 1');
});
