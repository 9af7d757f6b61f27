import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { versitygwRelease } from '../../../client/stack/obtain.ts';
import { byRelease, checksumOf } from '../../../client/stack/release.ts';
import {
  byCache,
  byGo,
  byPath,
  byVariable,
  cacheFolder,
  firstOf,
  intoCache,
} from '../../../client/stack/ways.ts';
import { ServerUnobtainable } from '../../../lake/errors.ts';

let home: string;
let lines: string[];
const report = (line: string): void => {
  lines.push(line);
};
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'obtain-'));
  lines = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function program(path: string, script = 'exit 0'): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

test('the first way that works is taken, in the order given', async () => {
  const cached = program(join(home, 'cache', 'temporal-v1'));
  const onPath = program(join(home, 'bin', 'temporal'));
  const named = program(join(home, 'mine'));
  const env = { PATH: `${join(home, 'empty')}:${join(home, 'bin')}`, TEMPORAL_CLI: named };
  const find = () =>
    firstOf(
      'Temporal',
      [
        byVariable('TEMPORAL_CLI', env),
        byPath('temporal', env),
        byCache(join(home, 'cache'), ['temporal-v2', 'temporal-v1']),
      ],
      [],
      report,
    );
  expect(await find()).toBe(named);
  env.TEMPORAL_CLI = '';
  expect(await find()).toBe(onPath);
  chmodSync(onPath, 0o644);
  expect(await find()).toBe(cached);
});

test('a variable that names no executable is an error, not passed over', async () => {
  const way = byVariable('VERSITYGW', { VERSITYGW: join(home, 'gone') });
  await expect(firstOf('S3', [way], [], report)).rejects.toThrow(
    /VERSITYGW names .*gone, which is not an executable/,
  );
});

test('when nothing works, one error lists every way with its reason, and what to do', async () => {
  const env = { PATH: join(home, 'bin') };
  program(
    join(home, 'bin', 'go'),
    'echo "go: downloading" >&2; echo "go: dial tcp: no such host" >&2; exit 1',
  );
  const ways = [
    byVariable('VERSITYGW', env),
    byPath('versitygw', env),
    byCache(join(home, 'cache'), ['versitygw-v1']),
    byRelease(join(home, 'cache'), 'versitygw-v1', undefined),
    byGo(join(home, 'cache'), 'versitygw-v1', 'example.org/cmd/versitygw@v1', {
      ...env,
      PATH: `${env.PATH}:${process.env.PATH}`,
    }),
  ];
  const error = await firstOf('versitygw', ways, ['install it'], report).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ServerUnobtainable);
  expect((error as Error).message.split('\n')).toEqual([
    'versitygw could not be obtained. Tried:',
    '  - VERSITYGW: not set',
    '  - versitygw on the PATH: not there',
    `  - the cache ${join(home, 'cache')}: no versitygw-v1`,
    `  - the release binary: the release has none for ${process.platform} on ${process.arch}`,
    '  - go install example.org/cmd/versitygw@v1: go: dial tcp: no such host',
    'Any one of these mends it:',
    '  - install it',
  ]);
  expect(readdirSync(join(home, 'cache'))).toEqual([]);
});

test('go install builds aside and moves the binary into the cache under its versioned name', async () => {
  // A stand-in for the compiler: it leaves what it was asked for in GOBIN.
  const script =
    'mkdir -p "$GOBIN" && printf \'#!/bin/sh\\necho built %s\\n\' "$2" > "$GOBIN/tool" && chmod +x "$GOBIN/tool"';
  const env = { PATH: `${join(home, 'bin')}:${process.env.PATH}` };
  program(join(home, 'bin', 'go'), script);
  const cache = join(home, 'cache');
  const build = () => byGo(cache, 'tool-v3', 'example.org/cmd/tool@v3', env).take(report);
  const path = join(cache, 'tool-v3');
  expect(await Promise.all([build(), build(), build()])).toEqual([{ path }, { path }, { path }]);
  expect(execFileSync(path, { encoding: 'utf8' })).toBe('built example.org/cmd/tool@v3\n');
  expect(readdirSync(cache)).toEqual(['tool-v3']);
  expect(lines[0]).toBe('building tool-v3 with go install (this takes minutes, once) …');
});

test('what is made without an executable is not kept', async () => {
  const cache = join(home, 'cache');
  const answer = await intoCache(cache, 'x', async (folder) => {
    writeFileSync(join(folder, 'x'), 'data', { mode: 0o644 });
    return { path: join(folder, 'x') };
  });
  expect(answer).toEqual({ failed: expect.stringContaining('left no executable') });
  expect(readdirSync(cache)).toEqual([]);
  writeFileSync(join(home, 'file'), '');
  expect(await intoCache(join(home, 'file'), 'x', async () => ({ path: '/' }))).toEqual({
    failed: expect.stringMatching(/EEXIST|ENOTDIR/),
  });
});

test('a release binary is taken when its checksum is right, and refused when it is not', async () => {
  const tree = join(home, 'tree');
  program(join(tree, 'tool_v1', 'tool'), 'echo released');
  execFileSync('tar', ['-czf', join(home, 'tool.tar.gz'), '-C', tree, 'tool_v1']);
  const archive = readFileSync(join(home, 'tool.tar.gz'));
  const digest = createHash('sha256').update(archive).digest('hex');
  const files = new Map<string, string | Buffer>([['/r/tool.tar.gz', archive]]);
  const server = createServer((request, response) => {
    const body = files.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as { port: number };
    const release = { url: `http://127.0.0.1:${port}/r`, archive: 'tool.tar.gz', binary: 'tool' };
    const cache = join(home, 'cache');
    const take = () => byRelease(cache, 'tool-v1', release).take(report);

    expect(await take()).toEqual({ failed: `${release.url}/checksums.txt answers 404` });
    files.set('/r/checksums.txt', `${digest}  other.tar.gz\n`);
    expect(await take()).toEqual({ failed: 'checksums.txt does not list tool.tar.gz' });
    files.set('/r/checksums.txt', `${'0'.repeat(64)}  tool.tar.gz\n`);
    expect(await take()).toEqual({ failed: `tool.tar.gz has sha256 ${digest}, not ${'0'.repeat(64)}` });
    expect(readdirSync(cache)).toEqual([]);
    files.set('/r/checksums.txt', `${'1'.repeat(64)}  other\n${digest.toUpperCase()} *tool.tar.gz\n`);
    expect(await take()).toEqual({ path: join(cache, 'tool-v1') });
    expect(execFileSync(join(cache, 'tool-v1'), { encoding: 'utf8' })).toBe('released\n');
  } finally {
    server.close();
  }
});

test('checksum files: two blanks or a star before the name, whole names only', () => {
  const digest = 'ab'.repeat(32);
  expect(checksumOf(`${digest}  a.tar.gz`, 'a.tar.gz')).toBe(digest);
  expect(checksumOf(`${digest} *a.tar.gz\r\n`, 'a.tar.gz')).toBe(digest);
  expect(checksumOf(`${digest}  a.tar.gz.sig`, 'a.tar.gz')).toBeUndefined();
  expect(checksumOf(`${digest.slice(1)}  a.tar.gz`, 'a.tar.gz')).toBeUndefined();
});

test('names of the release for each platform', () => {
  expect(versitygwRelease('linux', 'x64')?.archive).toBe('versitygw_v1.8.0_Linux_x86_64.tar.gz');
  expect(versitygwRelease('darwin', 'arm64')?.archive).toBe('versitygw_v1.8.0_Darwin_arm64.tar.gz');
  expect(versitygwRelease('win32', 'x64')).toBeUndefined();
  expect(versitygwRelease('linux', 'riscv64')).toBeUndefined();
});

test("the cache is in the user's cache folder", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/var/c' })).toBe('/var/c/instruct-lake/bin');
  expect(cacheFolder({})).toMatch(/\/(\.cache|Library\/Caches)\/instruct-lake\/bin$/);
});
