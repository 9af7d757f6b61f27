import { LEDGER_COLUMNS, ledgerOf, ledgerRows } from '../../activities/publish/ledger.ts';
import type { Publication } from '../../activities/publish/publication.ts';
import { tokenBytes } from '../../activities/shards/dtype.ts';
import { megatronIndex } from '../../activities/shards/megatron.ts';
import type { Output } from '../../lake/commit.ts';
import { canonicalJson, type Json, sha256 } from '../../lake/hash.ts';
import { append, withPublication } from '../../lake/log.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { PRICES, sampleRecords } from './ledger-records.ts';
import { manifestOf } from './run-states.ts';

const EOS = 1;

/** Publishes a run of two tiny shards, whose counts balance, the way a run does; its publication. */
export async function publishSample(store: ObjectStore, run: string): Promise<Publication> {
  async function put(name: string, body: Uint8Array | string): Promise<Output> {
    const key = `runs/biomed/${run}/${name}`;
    await store.put(key, body);
    return { name, key, sha256: sha256(body), size: Buffer.byteLength(body) };
  }
  const bodies = [
    [
      [5, 6, EOS],
      [7, EOS],
    ],
    [[8, 9, 10, EOS]],
  ];
  const shards = [];
  for (const [i, documents] of bodies.entries()) {
    const name = `shard-0000${i}-of-00002`;
    const ids = Uint32Array.from(documents.flat());
    const lengths = documents.map(({ length }) => length);
    shards.push({
      name,
      documents: documents.length,
      tokens: ids.length,
      bin: await put(`${name}.bin`, tokenBytes(ids, 'uint16')),
      idx: await put(`${name}.idx`, megatronIndex(lengths, 'uint16')),
      files: [],
    });
  }
  const base = manifestOf();
  const [augmented] = base.mix;
  if (augmented === undefined) throw new Error('no mix');
  const core = manifestOf({
    run,
    counts: { ...base.counts, documents: { ...base.counts.documents, mixed: 3, mixedTokens: 9 } },
    mix: [{ ...augmented, unique: 9, asked: 9, got: 9, documents: 3 }],
    shards: shards.map(({ bin, idx, ...each }) => ({
      ...each,
      bin: { size: bin.size, sha256: bin.sha256 },
      idx: { size: idx.size, sha256: idx.sha256 },
      files: [],
    })),
  });
  const records = sampleRecords();
  const ledger = ledgerOf(records, {
    run: { domain: 'biomed', run },
    endpoint: 'default',
    model: core.pins.generator.model,
    prices: PRICES,
    published: core.counts.texts.prompted,
  });
  const rows = ledgerRows(records, PRICES);
  const table = parquetBytes(
    LEDGER_COLUMNS.map((column) => ({
      ...column,
      data: rows.map((row) => row[column.name as keyof (typeof rows)[number]]),
    })),
  );
  const json = (value: unknown) => canonicalJson(value as Json);
  const publication: Publication = {
    format: 'instruct-lake/publication@1',
    domain: 'biomed',
    run,
    generation: 1,
    manifest: await put('manifest.core.json', json(core)),
    provenance: await put('provenance.json', json({ publishedAt: '2026-01-05T02:00:00.000Z' })),
    ledger: await put('ledger.json', json(ledger)),
    ledgerRounds: await put('ledger.parquet', table),
    shards,
  };
  const { key, sha256: hash } = await put('publication.json', json(publication));
  await append(store, 'biomed', (state) =>
    withPublication(state, { run, generation: 1, mode: 'full', publication: { key, sha256: hash } }),
  );
  return publication;
}
