import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { logTail, spawnGuarded } from './guard.ts';
import { saying } from './progress.ts';
import { intoCache, type Way } from './ways.ts';

export interface Release {
  /** Folder of the release's files, without a slash at the end. */
  url: string;
  /** Name of the gzipped tar file, and of the binary in it. */
  archive: string;
  binary: string;
}

const DOWNLOAD_MS = 300_000;

/** A binary out of a release's archive, checked against the `checksums.txt` beside it (sha256, as sha256sum writes it). */
export function byRelease(cacheDir: string, name: string, release: Release | undefined): Way {
  return {
    name: 'the release binary',
    take: async (report, signal) => {
      if (release === undefined) {
        return { failed: `the release has none for ${process.platform} on ${process.arch}` };
      }
      return intoCache(cacheDir, name, async (folder) => {
        const done = saying(report, `downloading ${release.archive}`);
        try {
          const [checksums, archive] = await Promise.all([
            download(`${release.url}/checksums.txt`, signal),
            download(`${release.url}/${release.archive}`, signal),
          ]);
          const expected = checksumOf(checksums.toString('utf8'), release.archive);
          if (expected === undefined) return { failed: `checksums.txt does not list ${release.archive}` };
          const actual = createHash('sha256').update(archive).digest('hex');
          if (actual !== expected)
            return { failed: `${release.archive} has sha256 ${actual}, not ${expected}` };
          return await unpack(folder, archive, release);
        } finally {
          done();
        }
      });
    },
  };
}

/** The lower-case hex digest that a file of sha256sum's format has for one name. */
export function checksumOf(checksums: string, name: string): string | undefined {
  for (const line of checksums.split('\n')) {
    const match = /^([0-9a-fA-F]{64})\s+\*?(.+?)\s*$/.exec(line);
    if (match?.[2] === name) return match[1]?.toLowerCase();
  }
  return undefined;
}

async function download(url: string, signal?: AbortSignal): Promise<Buffer> {
  const limit = AbortSignal.timeout(DOWNLOAD_MS);
  const answer = await fetch(url, {
    dispatcher: new EnvHttpProxyAgent(),
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function unpack(
  folder: string,
  archive: Buffer,
  release: Release,
): Promise<{ path: string } | { failed: string }> {
  const file = join(folder, 'archive.tar.gz');
  writeFileSync(file, archive);
  const logFile = join(folder, 'log');
  // The archive holds one folder with everything in it.
  const args = ['-xzf', file, '-C', folder, '--strip-components', '1'];
  const { code } = await (await spawnGuarded('tar', args, { logFile })).exited;
  return code === 0 ? { path: join(folder, release.binary) } : { failed: `tar: ${logTail(logFile, 1)}` };
}
