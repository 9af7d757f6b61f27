import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitStage } from '../../lake/commit.ts';
import { StoreUnavailable, StoreUnfit } from '../../lake/errors.ts';
import { logHintKey } from '../../lake/layout.ts';
import { append, checkLog, withPublication } from '../../lake/log.ts';
import { probeStore } from '../../lake/probe.ts';
import { openS3 } from '../../lake/s3.ts';
import { type Faults, openS3Proxy, type S3Proxy, type StoreRequest } from '../faults/s3-proxy.ts';
import { type Lab, openLab } from '../lab.ts';

let lab: Lab;
let proxy: S3Proxy;
let store: ReturnType<typeof openS3>;
const faults: Faults = {};
beforeAll(async () => {
  lab = await openLab();
  proxy = await openS3Proxy(lab.s3, {
    before: (request) => faults.before?.(request) ?? 'on',
    after: (request, status) => faults.after?.(request, status) ?? 'on',
  });
  store = openS3(proxy.settings);
});
afterAll(async () => {
  store?.close();
  await proxy?.close();
  await lab?.close();
});

const run = { domain: 'd', run: 'r' };
const input = (unit: string) => ({
  stage: 's',
  version: 1,
  unit,
  spec: null,
  inputs: [],
  etags: [],
});
/** Whether a request is the put of a commit: the work behind it is done and must not be done again for it. */
const isCommit = ({ method, key }: StoreRequest): boolean =>
  method === 'PUT' && key.endsWith('/_commit.json');

test('a commit that the store does not take is put again, longer than a request is; the work is not done again', async () => {
  // More than the SDK sends of one request.
  let refusals = 6;
  faults.before = (request) =>
    isCommit(request) && refusals-- > 0 ? { status: 503, code: 'ServiceUnavailable' } : 'on';
  let produced = 0;
  const { commit } = await commitStage(store, run, input('outage'), async (folder) => {
    produced++;
    return { outputs: [await folder.put('x', 'y')], counts: {} };
  });
  expect(produced).toBe(1);
  expect(refusals).toBeLessThan(0);
  expect(commit.outputs).toHaveLength(1);
});

test('a hint that cannot be written costs nothing: the entry is in, and that is what counts', async () => {
  faults.before = ({ method, key }) => (method === 'PUT' && key === logHintKey('hints') ? 'cut' : 'on');
  const published = {
    run: 'r',
    generation: 1,
    mode: 'full',
    publication: { key: 'p', sha256: '0' },
  } as const;
  await append(store, 'hints', (state) => withPublication(state, published));
  faults.before = () => 'on';
  expect(await store.find(logHintKey('hints'))).toBeUndefined();
  expect((await checkLog(store, 'hints')).entry.published).toEqual([published]);
});

test('a store that says it has no conditional writes is unfit, not away', async () => {
  faults.before = ({ conditional }) => (conditional ? { status: 501, code: 'NotImplemented' } : 'on');
  const probing = probeStore(store);
  await expect(probing).rejects.toThrow(StoreUnfit);
  await expect(probing).rejects.toThrow(/index\/\.probe/);
  faults.before = () => 'on';
});

test('an outage that goes on is given back to Temporal, as an outage', async () => {
  faults.before = (request) => (isCommit(request) ? 'cut' : 'on');
  const stopped = commitStage(store, run, input('long'), async () => ({ outputs: [], counts: {} }), [10, 10]);
  await expect(stopped).rejects.toThrow(StoreUnavailable);
  faults.before = () => 'on';
});
