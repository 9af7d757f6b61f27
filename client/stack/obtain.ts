import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerUnobtainable } from '../../lake/errors.ts';
import { logTail, spawnGuarded } from './guard.ts';
import { type Report, saying } from './progress.ts';
import { byRelease, type Release } from './release.ts';
import { byCache, byGo, byPath, byVariable, cacheFolder, firstOf, intoCache, type Way } from './ways.ts';

/** The newest tag of the Temporal CLI that `go install` accepts: later ones have replacements in go.mod. */
const TEMPORAL = 'v1.5.1';
const VERSITYGW = 'v1.8.0';

/** Both servers' binaries. Throws one ServerUnobtainable for whatever is missing, so that nobody mends one to learn of the other. */
export async function obtainServers(
  report: Report,
  signal?: AbortSignal,
): Promise<{ temporal: string; versitygw: string }> {
  const cache = cacheFolder();
  // One after the other: when both have to be built, side by side is no faster and the lines mix.
  const [temporal] = await Promise.allSettled([obtainTemporal(cache, report, signal)]);
  signal?.throwIfAborted();
  const [versitygw] = await Promise.allSettled([obtainVersitygw(cache, report, signal)]);
  if (temporal.status === 'fulfilled' && versitygw.status === 'fulfilled') {
    return { temporal: temporal.value, versitygw: versitygw.value };
  }
  const reasons = [temporal, versitygw].flatMap((one): unknown[] =>
    one.status === 'rejected' ? [one.reason] : [],
  );
  const known = reasons.filter((reason) => reason instanceof ServerUnobtainable);
  if (known.length < 2 || known.length < reasons.length) throw reasons[0];
  throw new ServerUnobtainable(known.map((error) => error.message).join('\n\n'));
}

/** A runnable Temporal CLI: TEMPORAL_CLI, the PATH, our cache, the SDK's download, `go install`. Throws ServerUnobtainable. */
export function obtainTemporal(cacheDir: string, report: Report, signal?: AbortSignal): Promise<string> {
  const built = `temporal-${TEMPORAL}`;
  const sdk = `temporal-sdk-${sdkVersion()}`;
  const module = `github.com/temporalio/cli/cmd/temporal@${TEMPORAL}`;
  return firstOf(
    'The Temporal CLI (its local server)',
    [
      byVariable('TEMPORAL_CLI'),
      byPath('temporal'),
      byCache(cacheDir, [sdk, built]),
      bySdk(cacheDir, sdk),
      byGo(cacheDir, built, module),
    ],
    [
      'brew install temporal, or the archive from https://temporal.download/cli, on the PATH',
      `with Go and a network: go install ${module}`,
      'TEMPORAL_CLI=/path/to/temporal in the environment',
    ],
    report,
    signal,
  );
}

/** A runnable versitygw: VERSITYGW, the PATH, our cache, the release binary, `go install`. Throws ServerUnobtainable. */
export function obtainVersitygw(cacheDir: string, report: Report, signal?: AbortSignal): Promise<string> {
  const name = `versitygw-${VERSITYGW}`;
  const module = `github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`;
  return firstOf(
    'versitygw (the local S3 server)',
    [
      byVariable('VERSITYGW'),
      byPath('versitygw'),
      byCache(cacheDir, [name]),
      byRelease(cacheDir, name, versitygwRelease(process.platform, process.arch)),
      byGo(cacheDir, name, module),
    ],
    [
      'the package or binary for your system from https://github.com/versity/versitygw/releases, on the PATH',
      `with Go and a network: go install ${module}`,
      'VERSITYGW=/path/to/versitygw in the environment',
    ],
    report,
    signal,
  );
}

/** Names of the release's files: `.goreleaser.yaml` of the versitygw repository. */
export function versitygwRelease(platform: string, arch: string): Release | undefined {
  const system = { linux: 'Linux', darwin: 'Darwin', freebsd: 'FreeBSD' }[platform];
  const machine = { x64: 'x86_64', arm64: 'arm64' }[arch];
  if (system === undefined || machine === undefined) return undefined;
  return {
    url: `https://github.com/versity/versitygw/releases/download/${VERSITYGW}`,
    archive: `versitygw_${VERSITYGW}_${system}_${machine}.tar.gz`,
    binary: 'versitygw',
  };
}

function bySdk(cacheDir: string, name: string): Way {
  return {
    name: "the Temporal SDK's download",
    take: (report, signal) =>
      intoCache(cacheDir, name, async (folder) => {
        const done = saying(report, "downloading Temporal's local server");
        try {
          const logFile = join(folder, 'log');
          const script = fileURLToPath(new URL('./sdk-download.mjs', import.meta.url));
          const download = await spawnGuarded(process.execPath, [script, folder], { logFile });
          const stop = () => void download.stop();
          signal?.addEventListener('abort', stop, { once: true });
          const { code } = await download.exited;
          signal?.removeEventListener('abort', stop);
          if (code !== 0) return { failed: logTail(logFile, 1) || `exit code ${code}` };
          const file = readdirSync(folder).find((entry) => entry.startsWith('temporal'));
          return file === undefined ? { failed: 'left no file' } : { path: join(folder, file) };
        } finally {
          done();
        }
      }),
  };
}

function sdkVersion(): string {
  const { version } = createRequire(import.meta.url)('@temporalio/testing/package.json') as {
    version: string;
  };
  return version;
}
