// tier: manual — the second of two nights, which repeats and replaces documents, killed before and after every kind of write, and done by another worker
import { openStack } from '../../client/stack/stack.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { crashEverywhere } from '../faults/commit-points/play.ts';
import { secondNight } from '../faults/commit-points/scene.ts';
import { must, scratch } from './lib.ts';

const folder = scratch('nights-crash');
const stack = await openStack({ state: folder, report: console.log, ports: 'random', database: 'memory' });
const endpoint = await openCountingEndpoint();
try {
  const scene = { s3: stack.settings.s3, endpoint: endpoint.url, folder };
  const night = { ...scene, kind: await secondNight(scene) };
  const points = await crashEverywhere(night, (line) => console.log(`  so: ${line}`));
  const names = points.map(({ name }) => name);
  must(
    names.includes('publish/<attempt>/tombstones.run') && names.includes('publish/<attempt>/segment.json'),
    `at ${points.length} kinds of write: before the entry that publishes nothing is visible of it, afterwards all, and in the end log, shards, segment and tombstones are those of a night that nothing happened to`,
  );
} finally {
  await endpoint.close();
  await stack.close();
}
