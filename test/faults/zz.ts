import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStack } from '../../client/stack/stack.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { undisturbedRun, crashAt } from './commit-points/crash.ts';
const state = mkdtempSync(join(tmpdir(), 'zz-'));
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
const endpoint = await openCountingEndpoint({});
const scene = { s3: stack.settings.s3, endpoint: endpoint.url, folder: state };
try {
let t = performance.now();
const calm = await undisturbedRun(scene);
console.log(calm.points, performance.now()-t);
for (const p of calm.points.slice(-8)) for (const s of ['before','after'] as const) {
t = performance.now();
console.log(p.name, s, await crashAt(scene, calm, p.name, s), performance.now()-t);
}
} finally { await endpoint.close(); await stack.close(); }
process.exit(0);
