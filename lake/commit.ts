import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectRef, RunRef } from '../workflows/contract.ts';
import { CorruptLake, StoreUnavailable } from './errors.ts';
import { canonicalJson, sha256 } from './hash.ts';
import { stageFolder } from './layout.ts';
import { requireHash } from './pieces.ts';
import type { ObjectStore } from './store.ts';

/** An object that a commit names. Readers open nothing else, and check size and hash. */
export interface Output extends ObjectRef {
  name: string;
  size: number;
}
/** What a stage did for one unit: the only record that it was done. */
export interface StageCommit {
  stage: string;
  version: number;
  unit: string;
  fp: string;
  attempt: string;
  inputs: ObjectRef[];
  outputs: Output[];
  counts: Record<string, number>;
  /** Small results that later stages decide on; plain JSON. */
  data: unknown;
}

/** What a stage of a unit depends on; all of it, and nothing else, goes into the fingerprint. */
export interface StageInput {
  stage: string;
  version: number;
  unit: string;
  /** The part of the spec (and of the pins) that the stage reads. */
  spec: unknown;
  inputs: ObjectRef[];
  /** ETags of the raw objects that the stage reads. */
  etags: string[];
}

/**
 * What `gc` puts in the place of a commit that never came, before it sweeps what its attempts left: a late writer finds it,
 * and goes on under the next fingerprint.
 */
export interface VoidCommit {
  void: true;
  fp: string;
}

/** The fingerprint that takes the place of one that is void, the n-th of them from 1. */
export const fingerprintAfter = (fp: string, n: number): string => sha256(canonicalJson([fp, 'void', n]));

/** The fingerprint of a stage: SHA-256 of the canonical JSON of {inputs, sources, spec, stage, version}. */
export function fingerprint({ stage, version, spec, inputs, etags }: Omit<StageInput, 'unit'>): string {
  return sha256(
    canonicalJson({ stage, version, spec, inputs: inputs.map((input) => input.sha256), sources: etags }),
  );
}

/** Where one attempt writes. Nothing in it counts until the commit names it. */
export interface AttemptFolder {
  readonly path: string;
  /** `<stage>/<fp>/`: where other attempts at the same work may have left a cache. */
  readonly shared: string;
  put(name: string, body: Uint8Array | string, contentType?: string): Promise<Output>;
  write(name: string, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Output>;
}

export interface Produced {
  outputs: Output[];
  counts: Record<string, number>;
  data?: unknown;
}
export interface Committed {
  ref: ObjectRef;
  commit: StageCommit;
}

/**
 * Milliseconds before the put of a commit is tried again, when the store fails longer than a request is tried by itself:
 * the work is done, and half a minute's outage shall not cost it. A longer one is left to the activity's own retry.
 */
const COMMIT_WAITS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 15_000];

/**
 * Does a stage once: returns the commit that is there, or produces one in a folder of its own and puts it with
 * If-None-Match. Whoever comes second gets the first one's commit; its own objects stay unnamed.
 */
export function commitStage(
  store: ObjectStore,
  run: RunRef,
  input: StageInput,
  produce: (folder: AttemptFolder) => Promise<Produced>,
  waits = COMMIT_WAITS,
): Promise<Committed> {
  const folderOf = (fp: string): string => stageFolder(run, input.unit, input.stage, fp);
  return commitUnder(store, folderOf, input, produce, waits);
}

/** The same for work that is no run's; `folderOf` gives the folder of a fingerprint. */
export async function commitUnder(
  store: ObjectStore,
  folderOf: (fp: string) => string,
  input: StageInput,
  produce: (folder: AttemptFolder) => Promise<Produced>,
  waits = COMMIT_WAITS,
): Promise<Committed> {
  const first = fingerprint(input);
  for (let n = 0; ; n++) {
    const fp = n === 0 ? first : fingerprintAfter(first, n);
    const committed = await commitOnce(store, folderOf(fp), fp, input, produce, waits);
    if (committed !== undefined) return committed;
  }
}

/** The same under one fingerprint; undefined when that is void. */
async function commitOnce(
  store: ObjectStore,
  shared: string,
  fp: string,
  input: StageInput,
  produce: (folder: AttemptFolder) => Promise<Produced>,
  waits: readonly number[],
): Promise<Committed | undefined> {
  const key = commitKey(shared);
  const there = await store.find(key);
  if (there !== undefined) return parseCommit(key, there);
  const attempt = randomBytes(16).toString('hex');
  const { outputs, counts, data } = await produce(attemptFolder(store, shared, attempt));
  const commit: StageCommit = {
    stage: input.stage,
    version: input.version,
    unit: input.unit,
    fp,
    attempt,
    inputs: input.inputs,
    outputs,
    counts,
    data: data ?? null,
  };
  const body = canonicalJson(commit);
  if ((await putCommit(store, key, body, waits)) === 'written') {
    return { ref: { key, sha256: sha256(body) }, commit };
  }
  const winner = await store.find(key);
  if (winner === undefined) {
    throw new CorruptLake('a commit that was there a moment ago is gone; something deletes from the lake', {
      bucket: store.bucket,
      key,
    });
  }
  return parseCommit(key, winner);
}

/** Puts a commit, through a short outage too. Asked again it may meet itself, which is 'exists' and as good. */
async function putCommit(
  store: ObjectStore,
  key: string,
  body: string,
  waits: readonly number[],
): Promise<'written' | 'exists'> {
  for (const wait of waits) {
    try {
      return await store.put(key, body, { ifNoneMatch: true, contentType: 'application/json' });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await delay(wait);
    }
  }
  return store.put(key, body, { ifNoneMatch: true, contentType: 'application/json' });
}

/** Where the commit of a fingerprint's folder is. */
export const commitKey = (folder: string): string => `${folder}/_commit.json`;

/** The commit at a key; undefined where there is none, or a void. */
export async function findCommit(store: ObjectStore, key: string): Promise<StageCommit | undefined> {
  const bytes = await store.find(key);
  return bytes && parseCommit(key, bytes)?.commit;
}

function parseCommit(key: string, bytes: Uint8Array): Committed | undefined {
  const commit = JSON.parse(new TextDecoder().decode(bytes)) as StageCommit | VoidCommit;
  return 'void' in commit ? undefined : { ref: { key, sha256: sha256(bytes) }, commit };
}

function attemptFolder(store: ObjectStore, shared: string, attempt: string): AttemptFolder {
  const path = `${shared}/${attempt}`;
  return {
    path,
    shared: `${shared}/`,
    async put(name, body, contentType) {
      const key = `${path}/${name}`;
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
      await store.put(key, bytes, contentType === undefined ? {} : { contentType });
      return { name, key, size: bytes.length, sha256: sha256(bytes) };
    },
    async write(name, body) {
      const key = `${path}/${name}`;
      const hash = createHash('sha256');
      let size = 0;
      async function* measured(): AsyncGenerator<Uint8Array> {
        for await (const chunk of body) {
          hash.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      }
      await store.write(key, measured());
      return { name, key, size, sha256: hash.digest('hex') };
    },
  };
}

/** Reads a commit and checks it against its reference. Throws CorruptLake when it is missing or differs. */
export async function readCommit(store: ObjectStore, ref: ObjectRef): Promise<StageCommit> {
  return readJson<StageCommit>(store, ref);
}

/** Reads JSON that a commit names, its hash checked. Throws CorruptLake as `readChecked` does. */
export async function readJson<T>(store: ObjectStore, ref: ObjectRef): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readChecked(store, ref))) as T;
}

/** Reads an object that a commit names, whole, and checks its hash. Throws CorruptLake when it is missing or differs. */
export async function readChecked(store: ObjectStore, ref: ObjectRef): Promise<Uint8Array> {
  const bytes = await store.find(ref.key);
  const where = { bucket: store.bucket, key: ref.key };
  if (bytes === undefined) throw new CorruptLake('an object that the lake names is missing', where);
  requireHash(store, ref, sha256(bytes));
  return bytes;
}

/** The output `name` of a commit. Throws CorruptLake when the commit has none. */
export function outputOf(commit: StageCommit, name: string): Output {
  const output = commit.outputs.find((each) => each.name === name);
  if (output === undefined) {
    throw new CorruptLake(`the commit of ${commit.stage} for ${commit.unit} names no ${name}`);
  }
  return output;
}
