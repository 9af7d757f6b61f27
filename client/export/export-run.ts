import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '../../activities/publish/verify.ts';
import type { Output } from '../../lake/commit.ts';
import { BadUsage } from '../../lake/errors.ts';
import { checkedPieces } from '../../lake/pieces.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { RunRef, ShardFormat } from '../../workflows/contract.ts';
import { requirePublished } from '../published.ts';
import { openFolder } from './folder.ts';
import { filesOf, formatsOf, megatronBlend } from './formats.ts';

export interface Exported {
  files: number;
  bytes: number;
  /** Files that were there already, with the right hash. */
  there: number;
}

/**
 * Puts the shards of a run into a local folder by the names that trainers of a format know, with the manifest beside them. A file is
 * there when all of it is, its hash checked; what is there is not fetched again. Throws RunNotFound, BadUsage, CorruptLake.
 */
export async function exportRun(
  store: ObjectStore,
  run: RunRef,
  format: ShardFormat,
  to: string,
  report: (line: string) => void,
): Promise<Exported> {
  const { publication } = await requirePublished(store, run);
  const core = await readManifest(store, publication.manifest);
  const files = publication.shards.map((shard) => {
    const found = filesOf(shard, format);
    if (found !== undefined) return found;
    throw new BadUsage(
      `run ${run.domain}/${run.run} has no ${format} (it has ${formatsOf(publication.shards).join(', ')}); \`instruct-lake remix ${run.domain}/${run.run} --to NAME --file FILE\` makes it, with \`shards: { formats: [${format}] }\` in the file`,
    );
  });
  const { domain, run: name, generation } = publication;
  const folder = await openFolder(to, { domain, run: name, generation, format });
  const exported: Exported = { files: 0, bytes: 0, there: 0 };
  for (const some of files) {
    for (const { as, output } of some) {
      const there = await isThere(join(folder, as), output);
      if (!there) {
        report(`${as}: ${output.size} bytes`);
        await fetchFile(store, output, join(folder, as));
      }
      exported.files++;
      exported.bytes += output.size;
      if (there) exported.there++;
    }
  }
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(core, null, 2)}\n`);
  if (format === 'megatron') await writeFile(join(folder, 'blend.txt'), `${megatronBlend(folder, core)}\n`);
  return exported;
}

async function isThere(path: string, { size, sha256 }: Output): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== size) return false;
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex') === sha256;
}

async function fetchFile(store: ObjectStore, output: Output, path: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w');
  try {
    for await (const bytes of checkedPieces(store, output)) await file.writeFile(bytes);
  } catch (error) {
    await rm(part);
    throw error;
  } finally {
    await file.close();
  }
  await rename(part, path);
}
