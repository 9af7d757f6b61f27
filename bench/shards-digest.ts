import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../lake/hash.ts';

interface Manifest {
  shards: { name: string; bin: { sha256: string }; idx: { sha256: string } }[];
  /** Keys in the bucket. */
  files: { name: string; bin: string; idx: string }[];
}

/**
 * Stands for every byte of the shards of the one run in a bucket's folder: their names and hashes, in order. Throws an
 * Error when there is not one run, or when a file is not what the manifest says.
 */
export async function shardsDigest(bucket: string, domain: string): Promise<string> {
  const runs = readdirSync(join(bucket, 'runs', domain));
  if (runs.length !== 1) throw new Error(`${runs.length} runs of ${domain}, not one`);
  const manifest = join(bucket, 'runs', domain, runs[0] ?? '', 'manifest.json');
  const { shards, files } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
  const lines: string[] = [];
  for (const shard of shards) {
    const file = files.find(({ name }) => name === shard.name);
    for (const part of ['bin', 'idx'] as const) {
      const hash = await fileHash(join(bucket, file?.[part] ?? ''));
      if (hash !== shard[part].sha256) {
        throw new Error(`${shard.name}.${part} hashes to ${hash}, the manifest says ${shard[part].sha256}`);
      }
      lines.push(`${shard.name}.${part} ${hash}\n`);
    }
  }
  if (lines.length === 0) throw new Error(`${manifest} names no shards`);
  return `${shards.length} shards, ${sha256(lines.join(''))}`;
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
