import { openStack, type Stack } from '../../../client/stack/stack.ts';
import { openCountingEndpoint } from '../../counting-endpoint.ts';
import { undisturbedRun } from '../../faults/commit-points/crash.ts';
import { play } from '../../faults/commit-points/play.ts';
import type { Point } from '../../faults/commit-points/point.ts';
import type { Scene } from '../../faults/commit-points/scene.ts';
import type { Seen } from '../../faults/commit-points/table.ts';
import type { Canonical } from '../../pipeline.ts';
import { must, scratch } from '../lib.ts';

/** Plays the cases on servers of their own, then `also` on the same. Ends the script when something is not so. */
export async function showCommitPoints(
  chosen: (point: Point) => boolean,
  also: (found: {
    scene: Scene;
    stack: Stack;
    undisturbed: Canonical;
    points: Point[];
    seen: Seen;
  }) => Promise<void>,
): Promise<void> {
  const folder = scratch('commit-points');
  const stack = await openStack({ state: folder, report: console.log, ports: 'random', database: 'memory' });
  const endpoint = await openCountingEndpoint();
  try {
    const scene = { s3: stack.settings.s3, endpoint: endpoint.url, folder };
    const calm = await undisturbedRun(scene);
    const conditional = calm.points.filter((point) => point.conditional).length;
    must(
      conditional > 8,
      `a run has ${calm.points.length} kinds of write, ${conditional} of them conditional`,
    );
    const { seen, failures } = await play(scene, calm, chosen, (line) => console.log(`  so: ${line}`));
    must(failures.length === 0, `nothing was otherwise${failures.map((each) => `\n  - ${each}`).join('')}`);
    await also({ scene, stack, seen, ...calm });
  } finally {
    await endpoint.close();
    await stack.close();
  }
}
