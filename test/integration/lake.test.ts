import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDomain, openDomain } from '../../activities/segment/open-domain.ts';
import { until } from '../../client/stack/poll.ts';
import { commitStage, outputOf, readChecked, readCommit, type StageInput } from '../../lake/commit.ts';
import {
  AccessDenied,
  BucketNotFound,
  CorruptLake,
  InputChanged,
  RunPublished,
  StoreUnavailable,
} from '../../lake/errors.ts';
import { logHintKey, logKey } from '../../lake/layout.ts';
import { append, checkLog, publishedRun, readHead, readLog, withPublication } from '../../lake/log.ts';
import { probeStore } from '../../lake/probe.ts';
import { openS3 } from '../../lake/s3.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { type Lab, openLab } from '../lab.ts';
import { listening } from '../listening.ts';

let lab: Lab;
let store: ReturnType<typeof openS3>;
beforeAll(async () => {
  lab = await openLab();
  store = openS3(lab.s3);
});
afterAll(async () => {
  store.close();
  await lab.close();
});
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('the S3 store', () => {
  test('what is put comes back, whole and in ranges, with size and ETag', async () => {
    await store.put('s3/a', 'hello world');
    expect(text(await store.get('s3/a'))).toBe('hello world');
    expect(text(await store.get('s3/a', { range: [6, 9] }))).toBe('wor');
    expect((await store.get('s3/a', { range: [3, 3] })).length).toBe(0);
    const head = await store.head('s3/a');
    expect(head?.size).toBe(11);
    expect(head?.etag).not.toBe('');
    expect(text(await store.get('s3/a', { ifMatch: head?.etag ?? '' }))).toBe('hello world');
  });
  test('a changed and a missing object are told apart from an empty one', async () => {
    await store.put('s3/b', 'x');
    await expect(store.get('s3/b', { ifMatch: 'another' })).rejects.toThrow(InputChanged);
    await expect(store.get('s3/b', { range: [5, 9] })).rejects.toThrow(/shorter/);
    await expect(store.get('s3/none')).rejects.toThrow(InputChanged);
    expect(await store.find('s3/none')).toBeUndefined();
    expect(await store.head('s3/none')).toBeUndefined();
  });
  test('a conditional put writes once', async () => {
    expect(await store.put('s3/c', 'first', { ifNoneMatch: true })).toBe('written');
    expect(await store.put('s3/c', 'second', { ifNoneMatch: true })).toBe('exists');
    expect(text(await store.find('s3/c'))).toBe('first');
    await probeStore(store);
    await probeStore(store);
  });
  test('a stream larger than one part arrives whole', async () => {
    const piece = new Uint8Array(100_000).map((_, i) => i % 251);
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 200; i++) yield piece;
    }
    await store.write('s3/big', body());
    expect((await store.head('s3/big'))?.size).toBe(20_000_000);
    expect(await store.get('s3/big', { range: [19_900_000, 20_000_000] })).toEqual(piece);
  });
  test('a listing has every key under the prefix and no other', async () => {
    for (const key of ['list/a', 'list/b/c', 'listing']) await store.put(key, key);
    const keys: string[] = [];
    for await (const { key, size, etag } of store.list('list/')) {
      keys.push(key);
      expect(size).toBe(key.length);
      expect(etag).not.toBe('');
    }
    expect(keys.sort()).toEqual(['list/a', 'list/b/c']);
  });
  test('bytes that are not those of their checksum are corrupt, not an outage', async () => {
    const server = createServer((_, response) => {
      response
        .writeHead(200, { 'x-amz-checksum-crc32': 'AAAAAA==', etag: '"e"', 'content-length': '5' })
        .end('hello');
    });
    const { url } = await listening(server);
    const rotten = openS3({ ...lab.s3, endpoint: url });
    await expect(rotten.get('x')).rejects.toThrow(CorruptLake);
    rotten.close();
    server.close();
  });
  test('each failure is its own error and names the object', async () => {
    const denied = openS3({ ...lab.s3, secretAccessKey: 'wrong' });
    await expect(denied.put('x', 'y')).rejects.toThrow(AccessDenied);
    const lost = openS3({ ...lab.s3, bucket: 'no-such-bucket' });
    await expect(lost.get('x')).rejects.toThrow(BucketNotFound);
    const away = openS3({ ...lab.s3, endpoint: 'http://127.0.0.1:9' });
    const failure = away.get('some/key');
    await expect(failure).rejects.toThrow(StoreUnavailable);
    await expect(failure).rejects.toThrow(`s3://${lab.s3.bucket}/some/key`);
    for (const each of [denied, lost, away]) each.close();
  });
});

describe('stage commits', () => {
  const run = { domain: 'd', run: 'r' };
  const input = (unit: string): StageInput => ({
    stage: 'test',
    version: 1,
    unit,
    spec: { a: 1 },
    inputs: [],
    etags: [],
  });

  test('a stage is done once; the second caller gets the first commit', async () => {
    let produced = 0;
    const once = () =>
      commitStage(store, run, input('once'), async (folder) => {
        produced++;
        return { outputs: [await folder.put('x', 'content')], counts: { rows: 3 } };
      });
    const first = await once();
    expect(await once()).toEqual(first);
    expect(produced).toBe(1);
    expect(text(await readChecked(store, outputOf(first.commit, 'x')))).toBe('content');
    expect(await readCommit(store, first.ref)).toEqual(first.commit);
  });
  test('of racing attempts one wins, and all return it', async () => {
    const race = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        commitStage(store, run, input('race'), async (folder) => ({
          outputs: [await folder.put('x', `attempt ${i}`)],
          counts: { i },
        })),
      ),
    );
    for (const each of race) expect(each).toEqual(race[0]);
  });
  test('another input is another fingerprint; an attempt that fails commits nothing', async () => {
    const produce = async () => ({ outputs: [], counts: {} });
    const a = await commitStage(store, run, input('fp'), produce);
    const b = await commitStage(store, run, { ...input('fp'), etags: ['e'] }, produce);
    expect(b.commit.fp).not.toBe(a.commit.fp);
    const failing = commitStage(store, run, input('fails'), async (folder) => {
      await folder.put('x', 'left behind');
      throw new Error('crash');
    });
    await expect(failing).rejects.toThrow('crash');
    const { commit } = await commitStage(store, run, input('fails'), produce);
    expect(commit.outputs).toEqual([]);
  });
  test('an object that was tampered with is not read', async () => {
    const { commit } = await commitStage(store, run, input('tampered'), async (folder) => ({
      outputs: [await folder.write('x', [new TextEncoder().encode('right')])],
      counts: {},
    }));
    const output = outputOf(commit, 'x');
    await store.put(output.key, 'wrong');
    await expect(readChecked(store, output)).rejects.toThrow(CorruptLake);
  });
});

describe('the domain log', () => {
  const publish = (domain: string, run: string, hash: string, generation = 1) =>
    append(store, domain, (state) =>
      withPublication(state, {
        run,
        generation,
        mode: 'full',
        publication: { key: `p/${run}`, sha256: hash },
      }),
    );

  test('runs that publish at once all get in, in one unbroken chain', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, i) => publish('race', `r${i}`, `${i}`)));
    const { entry } = await checkLog(store, 'race');
    expect(entry.number).toBe(6);
    expect(entry.published.map(({ run }) => run).sort()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
  });
  test('of many incremental runs that ask at once one holds the domain, and all get their turn', async () => {
    const runs = Array.from({ length: 6 }, (_, i) => ({ domain: 'turns', run: `r${i}` }));
    const held: string[] = [];
    const night = async (run: RunRef): Promise<void> => {
      const open = async () => {
        const answer = await openDomain({ store }, { run });
        return answer.state === 'open' ? answer : undefined;
      };
      // Asked twice at once, as by an activity whose first attempt is not over.
      const [one, two] = await Promise.all(
        [open, open].map((each) => until(each, { within: 60_000, what: 'no turn', every: 5 })),
      );
      expect(two).toEqual(one);
      held.push(run.run);
      await closeDomain({ store }, { run });
    };
    await Promise.all(runs.map(night));
    const opened: string[] = [];
    for await (const { entry } of readLog(store, 'turns'))
      if (entry.open !== null) opened.push(entry.open.run);
    expect(opened).toEqual(held);
    expect((await readHead(store, 'turns')).entry).toMatchObject({ number: 12, open: null });
  });
  test('publishing again changes nothing; another content needs a higher generation', async () => {
    await publish('again', 'r', 'a');
    await publish('again', 'r', 'a');
    expect((await readHead(store, 'again')).entry.number).toBe(1);
    await expect(publish('again', 'r', 'b')).rejects.toThrow(RunPublished);
    await publish('again', 'r', 'b', 2);
    const { entry } = await readHead(store, 'again');
    expect(publishedRun(entry, 'r')?.publication.sha256).toBe('b');
    expect(entry.published).toHaveLength(1);
  });
  test('the hint is only a hint, and an empty domain has an empty log', async () => {
    await publish('hint', 'r', 'a');
    for (const hint of ['{"number":0}', '{"number":99}', 'nonsense']) {
      await store.put(logHintKey('hint'), hint);
      expect((await readHead(store, 'hint')).entry.number).toBe(1);
    }
    expect((await readHead(store, 'never')).entry).toMatchObject({ number: 0, published: [] });
  });
  test('a hint that is read while another one is written over it is none', async () => {
    await publish('torn', 'r', 'a');
    const torn = {
      ...store,
      async find(key: string) {
        if (key === logHintKey('torn')) throw new CorruptLake('checksum mismatch', { key });
        return store.find(key);
      },
    };
    expect((await readHead(torn, 'torn')).entry.number).toBe(1);
  });
  test('an entry that was changed afterwards breaks the chain', async () => {
    await publish('broken', 'r1', 'a');
    await publish('broken', 'r2', 'b');
    const first = text(await store.find(logKey('broken', 1)));
    await store.put(logKey('broken', 1), first.replace('r1', 'rX'));
    await expect(checkLog(store, 'broken')).rejects.toThrow(CorruptLake);
  });
});
