import { bandPayload, exactRecord, type Place, rowKey } from '../activities/dedupe/records.ts';
import { BANDS, VALUES } from '../activities/dedupe/signature.ts';
import { saveList } from '../activities/lists.ts';
import { type RunPins, writePins } from '../activities/plan/pins.ts';
import { planSources } from '../activities/plan/plan-sources.ts';
import { scanPartition } from '../activities/scan/scan-partition.ts';
import { baseOf } from '../activities/segment/open-domain.ts';
import { SEGMENT_VERSION, type Segment, type SegmentSource } from '../activities/segment/segment.ts';
import { SEGMENT } from '../activities/segment/write-segment.ts';
import type { Services } from '../activities/services.ts';
import { STAGE_VERSIONS } from '../activities/versions.ts';
import type { Work } from '../activities/work.ts';
import type { Output } from '../lake/commit.ts';
import { type ExchangeRecord, openRunWriter } from '../lake/exchange.ts';
import { canonicalJson, sha256 } from '../lake/hash.ts';
import { append, withOpen, withPublication } from '../lake/log.ts';
import { parseSpec } from '../lake/spec.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { IngestSpec, ObjectRef, RunRef } from '../workflows/contract.ts';

/** What a run of these activities needs of its pins: the endpoint and tokenizers are never asked. */
export async function pinRun(store: ObjectStore, { run }: RunRef, spec: IngestSpec): Promise<RunPins> {
  const pins: RunPins = {
    domain: spec.domain,
    run,
    spec: parseSpec(spec),
    stages: STAGE_VERSIONS,
    tokenizer: { name: 'default', sha256: '', bos: null, eos: 1, highestId: 1 },
    generator: { name: 'x', model: 'm', window: 1, newTokens: 1, temperature: 0, tokenizer: null },
    judge: null,
    pools: '',
    unicode: 'u',
  };
  await writePins(store, pins);
  return pins;
}

/** Plans and scans the corpus of a run by its activities. */
export async function scanned(
  services: Services,
  run: RunRef,
  spec: IngestSpec,
  base?: ObjectRef,
): Promise<{ run: RunRef; plan: ObjectRef; scans: ObjectRef[]; partitions: number }> {
  await pinRun(services.store, run, spec);
  const onBase = base === undefined ? {} : { base };
  const { ref: plan, inputs } = await planSources(services as Work, { run, ...onBase });
  const partitions = inputs.find(({ name }) => name === 'corpus')?.entries ?? 0;
  const items: ObjectRef[] = [];
  for (let index = 0; index < partitions; index++) {
    const done = await scanPartition(services, { run, entry: { plan, input: 'corpus', index } });
    items.push(done.ref);
  }
  return { run, plan, scans: [await saveList(services, { run, items })], partitions };
}

/** A document of a segment that no run has made: its hash, and the keys of its bands (none: it is too short). */
export interface MadeDocument extends Place {
  hash: string;
  bands: readonly bigint[];
}
export interface MadeSegment {
  run: string;
  sources: readonly Omit<SegmentSource, 'run'>[];
  documents: Iterable<MadeDocument>;
  nextSource: number;
}

/** A signature that says which document it is of. */
export function madeSignature({ source, row }: Place): Uint8Array {
  const payload = Buffer.alloc(VALUES * 2, 7);
  payload.writeUInt32LE(source, 0);
  payload.writeUInt32LE(row, 4);
  return payload;
}
/** Keys of all bands, of a document that shares none. */
export const ownBands = (seed: number): bigint[] =>
  Array.from({ length: BANDS }, (_, band) =>
    BigInt.asUintN(64, BigInt(seed * BANDS + band + 1) * 0x9e3779b97f4a7c15n),
  );

/** Writes a segment as a run would have, its documents given. */
export async function putSegment(store: ObjectStore, domain: string, made: MadeSegment): Promise<ObjectRef> {
  const folder = `runs/${domain}/${made.run}/made`;
  const writers = { buckets: openRunWriter(), hashes: openRunWriter(), signatures: openRunWriter() };
  const add = (name: keyof typeof writers, { key, payload }: ExchangeRecord): void =>
    writers[name].add(key, payload);
  let documents = 0;
  for (const { hash, bands, ...place } of made.documents) {
    documents++;
    add('buckets', exactRecord({ ...place, hash }));
    add('hashes', { key: rowKey(place), payload: Buffer.from(hash, 'hex') });
    if (bands.length === 0) continue;
    for (const key of bands) add('buckets', { key, payload: bandPayload(place) });
    add('signatures', { key: rowKey(place), payload: madeSignature(place) });
  }
  async function put(name: string, body: Uint8Array | string): Promise<Output> {
    const key = `${folder}/${name}`;
    await store.put(key, body);
    return { name, key, size: Buffer.byteLength(body), sha256: sha256(body) };
  }
  async function run(name: keyof typeof writers): Promise<Output[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of writers[name].finish()) pieces.push(piece);
    return [await put(`${name}-00000.run`, Buffer.concat(pieces))];
  }
  const sources = made.sources.map((source) => ({ ...source, run: made.run }));
  const segment: Segment = {
    format: 'instruct-lake/segment@1',
    ...{ domain, version: SEGMENT_VERSION, unicode: 'u', near: true, exact: false },
    ...{ documents, nextSource: made.nextSource },
    sources: await put('sources.json', canonicalJson(sources)),
    buckets: await run('buckets'),
    hashes: await run('hashes'),
    signatures: await run('signatures'),
    shingles: [],
  };
  const { key, sha256: hash } = await put(SEGMENT, canonicalJson(segment));
  return { key, sha256: hash };
}

/** Names a segment in the log of its domain, as the publication of an incremental run would. */
export async function publishSegment(
  store: ObjectStore,
  domain: string,
  run: string,
  segment: ObjectRef,
  tombstones?: ObjectRef & { size: number },
): Promise<void> {
  const { entry } = await append(store, domain, (state) => withOpen(state, { run, generation: 1 }));
  const base = await baseOf(store, entry);
  const publication = { key: `runs/${domain}/${run}/publication.json`, sha256: sha256(run) };
  const published = { run, generation: 1, mode: 'incremental' as const, publication, segment };
  const change = { base, ...(tombstones && { tombstones: { run, ...tombstones } }) };
  await append(store, domain, (state) => withPublication(state, published, change));
}
