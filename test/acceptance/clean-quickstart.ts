// tier: ci — from a clean clone, `npm ci && npm run quickstart` works, in under a minute once the servers are there
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { must, ok, run, scratch } from './lib.ts';
import { strangersEnv } from './parts/belongings.ts';
import { cleanClone, npmCi, showQuickstart } from './parts/clone.ts';

const folder = scratch('clean-quickstart');
const clone = await cleanClone(folder);
await npmCi(clone, folder);

const servers = await run(process.execPath, ['scripts/obtain-servers.mjs'], {
  cwd: clone,
  env: strangersEnv(folder),
});
must(servers.code === 0, `the servers are there (${servers.seconds.toFixed(1)} s)\n${servers.stderr}`.trim());

await showQuickstart(['npm', 'run', 'quickstart'], { cwd: clone, folder });
must(existsSync(join(clone, '.instruct-lake', 's3', 'lake', 'runs', 'sample')), 'the shards are on the disk');
const changes = await ok('git', ['status', '--porcelain'], { cwd: clone });
must(changes === '', 'git sees no change in the clone');
