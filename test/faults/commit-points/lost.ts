import type { Canonical } from '../../pipeline.ts';
import { type Fate, isWrite, openS3Proxy, type StoreRequest } from '../s3-proxy.ts';
import { pointName } from './point.ts';
import { checkResult, finishRun, openLake, type Scene } from './scene.ts';

/** The store's answer to a write that was asked again, by kind. */
export type Met = Map<string, number>;

export interface Fault {
  side: 'before' | 'after';
  fate: Exclude<Fate, 'on'>;
  /** S3 knows it for conditional writes alone. */
  conditional?: boolean;
}
/** Faults that a worker must get over by itself, without doing any stage twice. */
export const FAULTS = {
  'request lost': { side: 'before', fate: 'cut' },
  'answer lost': { side: 'after', fate: 'cut' },
  'answered 409': {
    side: 'before',
    fate: { status: 409, code: 'ConditionalRequestConflict' },
    conditional: true,
  },
  'answered 503': { side: 'before', fate: { status: 503, code: 'ServiceUnavailable' } },
  'written, answered 500': { side: 'after', fate: { status: 500, code: 'InternalError' } },
} as const satisfies Record<string, Fault>;
export type FaultName = keyof typeof FAULTS;

/**
 * A run in which every single write meets a fault once. It must end as if nothing had been, every stage done once.
 * Gives, for each kind of write, how the store answered when the same was asked again.
 */
export async function faultEverywhere(scene: Scene, undisturbed: Canonical, fault: FaultName): Promise<Met> {
  const chosen: Fault = FAULTS[fault];
  const lake = await openLake(scene);
  const faulted = new Set<string>();
  const met: Met = new Map();
  const once = (request: StoreRequest): Fate => {
    if (!isWrite(request) || faulted.has(request.key)) return 'on';
    if (chosen.conditional && !request.conditional) return 'on';
    faulted.add(request.key);
    return chosen.fate;
  };
  const proxy = await openS3Proxy(lake.s3, {
    before: (request) => (chosen.side === 'before' ? once(request) : 'on'),
    after(request, status) {
      if (chosen.side === 'after') {
        const fate = once(request);
        if (fate !== 'on') return fate;
      }
      const name = pointName(request);
      if (faulted.has(request.key) && !met.has(name)) met.set(name, status);
      return 'on';
    },
  });
  try {
    await finishRun(scene, proxy.settings);
    await checkResult(lake, undisturbed);
    doneOnce(faulted);
    return met;
  } finally {
    await proxy.close();
    lake.store.close();
  }
}

/** Throws when a stage of a unit was attempted more than once. */
function doneOnce(keys: ReadonlySet<string>): void {
  const attempts = new Map<string, Set<string>>();
  for (const key of keys) {
    const [, work = '', attempt = ''] = /^(.*\/stages\/.+\/[0-9a-f]{64})\/([0-9a-f]{32})\//.exec(key) ?? [];
    if (work !== '') attempts.set(work, (attempts.get(work) ?? new Set()).add(attempt));
  }
  for (const [work, ids] of attempts) {
    if (ids.size > 1) throw new Error(`${work} was done ${ids.size} times`);
  }
}
