import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestCore, Publication } from '../../activities/publish/publication.ts';

/** What the local S3 server has on disk of a publication: found through the domain log, as any reader would. */
export interface OnDisk {
  manifest: ManifestCore;
  manifestFile: string;
  shards: { name: string; bin: string; idx: string }[];
  /** Tables of rendered documents, one for each partition. */
  documents: string[];
}

/** Follows log → publication → manifest and shards in a bucket's folder. */
export function published(bucket: string, domain: string, run: string): OnDisk {
  const log = join(bucket, 'index', domain, 'log');
  const [newest = ''] = readdirSync(log).sort().reverse();
  const entry = json<{ published: { run: string; publication: { key: string } }[] }>(join(log, newest));
  const named = entry.published.find((each) => each.run === run);
  if (named === undefined) throw new Error(`the log of ${domain} names no publication of ${run}`);
  const { manifest, shards } = json<Publication>(join(bucket, named.publication.key));
  const manifestFile = join(bucket, manifest.key);
  return {
    manifest: json<ManifestCore>(manifestFile),
    manifestFile,
    shards: shards.map(({ name, bin, idx }) => ({
      name,
      bin: join(bucket, bin.key),
      idx: join(bucket, idx.key),
    })),
    documents: documentTables(bucket, join(bucket, 'runs', domain, run, 'stages')),
  };
}

function documentTables(bucket: string, stages: string): string[] {
  const tables: string[] = [];
  for (const unit of readdirSync(stages)) {
    const folder = join(stages, unit, 'template');
    for (const fp of existsSync(folder) ? readdirSync(folder) : []) {
      const { outputs } = json<{ outputs: { name: string; key: string }[] }>(
        join(folder, fp, '_commit.json'),
      );
      const table = outputs.find(({ name }) => name === 'documents.parquet');
      if (table !== undefined) tables.push(join(bucket, table.key));
    }
  }
  return tables;
}

/** Raw objects under a prefix, by key. */
export function rawFiles(bucket: string, prefix: string): { key: string; path: string }[] {
  return readdirSync(join(bucket, prefix))
    .filter((name) => name.endsWith('.parquet'))
    .map((name) => ({ key: `${prefix}${name}`, path: join(bucket, prefix, name) }));
}

/** The Python with the readers, that `test/readers/run.sh` names; undefined without it. */
export const PYTHON = process.env.INSTRUCT_LAKE_PYTHON;

/** Writes a case and gives the arguments for Python: the program beside this file, and the case. */
export function caseFor(program: string, folder: string, what: object): string[] {
  const file = join(folder, `${program}.case.json`);
  writeFileSync(file, JSON.stringify(what, null, 1));
  return ['-B', '-W', 'ignore', join(import.meta.dirname, program), file];
}

function json<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
