// tier: manual — the replay of a night killed before and after every kind of write, and started again: until its entry of the log the generation before is published and verifies, then the new one; in the end the objects of a replay that nothing happened to
import { openStack } from '../../client/stack/stack.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { brokenNight, crashReplayAt, undisturbedReplay } from '../faults/commit-points/replay.ts';
import { must, scratch } from './lib.ts';

const folder = scratch('replay-crash');
const stack = await openStack({ state: folder, report: console.log, ports: 'random', database: 'memory' });
const endpoint = await openCountingEndpoint();
try {
  const night = await brokenNight({ s3: stack.settings.s3, endpoint: endpoint.url, folder });
  const { undisturbed, points } = await undisturbedReplay(night);
  const seen = new Set<number>();
  for (const { name } of points) {
    const around = [];
    for (const side of ['before', 'after'] as const) {
      around.push(await crashReplayAt(night, undisturbed, name, side));
    }
    for (const each of around) seen.add(each);
    must(true, `${name}: generation ${around.join(', then ')}, and in the end the second, whole`);
  }
  must(seen.has(1) && seen.has(2), `at ${points.length} kinds of write, before and after`);
} finally {
  await endpoint.close();
  await stack.close();
}
