// tier: ci — the image's steps in a clean folder: what the last stage has is enough for a worker that does work, nobody's root, and ends with TERM
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplePassages, sampleTokenizerPath } from '../../client/sample/index.ts';
import type { IngestResult, IngestSpec } from '../../workflows/contract.ts';
import { buildContext, buildStages, parseDockerfile } from '../dockerfile.ts';
import { putTexts } from '../pipeline.ts';
import { must, ROOT, run, until } from './lib.ts';
import { openScene } from './parts/scene.ts';

/** TERM to the end: one to ten seconds, and a loaded machine. */
const ENDS_WITHIN = 30;

const SPEC: IngestSpec = {
  domain: 'image',
  input: { prefix: 'raw/image/', text: 'text' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0.2 },
  tokenizer: 'default',
  sequenceLength: 256,
  mix: { sources: [{ from: 'augmented', weight: 1 }] },
};

const scene = await openScene('image');
try {
  const scratch = join(scene.folder, 'image');
  const context = join(scratch, 'context');
  mkdirSync(context, { recursive: true });
  buildContext(ROOT, context);
  const instructions = parseDockerfile(readFileSync(join(ROOT, 'deploy', 'Dockerfile'), 'utf8'));
  const began = performance.now();
  const image = buildStages(instructions, context, scratch);
  must(true, `the stages are built (${Math.round((performance.now() - began) / 1000)} s)`);

  const app = join(image.root, 'app');
  const names = readdirSync(app).sort();
  must(names.join() === 'dist,node_modules,package.json', `the last stage has ${names.join(', ')} alone`);
  const left = ['typescript', 'vitest', '@biomejs/biome', 'tsx'].filter((each) =>
    existsSync(join(app, 'node_modules', each)),
  );
  must(left.length === 0, `no tools of development are left (${left.length})`);
  must(/^[1-9]\d*:[1-9]\d*$/.test(image.user), `it runs as ${image.user}, a number that is not root's`);
  must(image.entrypoint[0] === 'node', 'node is process 1, and gets the signals');
  must(existsSync(join(image.root, 'var/lib/instruct-lake/jobs')), 'there is a folder for jobs');
  const bases = instructions.filter(({ name }) => name === 'FROM').map(({ text }) => text);
  must(
    bases.every((base) => /^node:\d+\.\d+\.\d+-bookworm-slim/.test(base)),
    `each base is pinned by version: ${bases.join(', ')}`,
  );

  // As root here, so that another user can be taken: the files belong to root then, as in the image.
  const root = process.getuid?.() === 0;
  const [uid = 0, gid = 0] = image.user.split(':').map(Number);
  const as = root ? { uid, gid } : {};
  const place = join(scene.folder, 'mounted');
  mkdirSync(place, { mode: 0o777 });
  for (const folder of [scene.folder, scratch, image.root, place]) spawnSync('chmod', ['o+rx', folder]);
  spawnSync('chmod', ['o+rwx', place]);
  const inImage = (text: string): string => text.replace(/^\/app\//, `${app}/`);
  const [node = '', ...entry] = image.entrypoint.map(inImage);
  const program = node === 'node' ? process.execPath : node;
  const env = { ...image.env, PATH: process.env.PATH, TMPDIR: place, HOME: '/nonexistent' };
  const help = await run(program, [...entry, '--help'], { cwd: app, env, ...as });
  must(help.code === 0 && help.stdout.includes('worker'), '--help answers');

  // The command's own paths are mounts.
  const config = join(place, 'worker.yaml');
  const ready = join(place, 'worker-ready');
  // The tokenizer too is the image's own.
  const tokenizer = join(app, 'dist', 'client', 'sample', 'tokenizer.json');
  writeFileSync(config, readFileSync(scene.worker.config, 'utf8').replace(sampleTokenizerPath(), tokenizer));
  writeFileSync(ready, 'left by one that was killed');
  const mounts: Record<string, string> = {
    '/etc/instruct-lake/worker.yaml': config,
    '/tmp/worker-ready': ready,
  };
  const worker = spawn(program, [...entry, ...image.cmd.map((word) => mounts[word] ?? word)], {
    cwd: app,
    env: { ...env, ...scene.worker.env },
    stdio: ['ignore', 'inherit', 'inherit'],
    ...as,
  });
  process.on('exit', () => worker.kill('SIGKILL'));
  const check = (): number | null => {
    const [command = '', ...words] = image.healthcheck.map((word) => mounts[word] ?? word);
    return spawnSync(command, words).status;
  };
  const old = (): boolean => existsSync(ready) && readFileSync(ready, 'utf8') !== '';
  await until('a healthy worker', 60, async () => (check() === 0 && !old()) || undefined);
  must(
    true,
    `the worker is healthy${root ? `, as user ${uid}` : ' (as this user: only root can be another)'}`,
  );
  await putTexts(
    scene.store,
    `${SPEC.input.prefix}a.parquet`,
    samplePassages().map(({ text }) => text),
  );
  const id = await scene.start(SPEC, 'r1');
  const result = (await scene.client.workflow.getHandle(id).result()) as IngestResult;
  must(result.publication !== undefined, `it published ${result.counts.publishedTokens} tokens`);
  const told = performance.now();
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  const [code] = (await gone) as [number | null];
  const seconds = (performance.now() - told) / 1000;
  must(code === 0 && seconds < ENDS_WITHIN, `TERM: exit code ${code} after ${seconds.toFixed(1)} s`);
  must(check() !== 0, 'and it is not healthy any more');
} finally {
  await scene.close();
}
