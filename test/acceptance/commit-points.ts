// tier: ci — a worker killed before and after every conditional write, lost answers and races at every write, some of it with Temporal: one result, nothing visible before its time
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { Side } from '../faults/commit-points/crash.ts';
import { VISIBLE_FROM } from '../faults/commit-points/point.ts';
import { crashWithTemporal } from '../faults/commit-points/temporal.ts';
import { must, ROOT } from './lib.ts';
import { showCommitPoints } from './parts/commit-points.ts';

/** Where real workers are killed; the activity that another must have tried again. */
const WITH_TEMPORAL: [name: string, side: Side, activity: string][] = [
  ['run.json', 'after', 'openRun'],
  ['synthesize/_commit.json', 'before', 'synthesizeRound'],
  ['publish/_commit.json', 'after', 'publishRun'],
  [VISIBLE_FROM, 'before', 'publishRun'],
  [VISIBLE_FROM, 'after', 'publishRun'],
];

await showCommitPoints(
  ({ conditional }) => conditional,
  async ({ scene, stack, undisturbed, points }) => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(ROOT, 'workflows', 'index.ts'),
      logger: new DefaultLogger('WARN'),
    });
    const address = stack.settings.temporal;
    const connection = await Connection.connect({ address });
    try {
      const withTemporal = { ...scene, address, connection, bundle: code };
      await Promise.all(
        WITH_TEMPORAL.map(async ([name, side, activity]) => {
          const again = await crashWithTemporal(withTemporal, undisturbed, name, side);
          must(
            again.includes(activity),
            `with Temporal, killed ${side} ${name}: another worker tried ${activity} again`,
          );
        }),
      );
    } finally {
      await connection.close();
    }
    const page = readFileSync(join(ROOT, 'docs', 'commit-points.md'), 'utf8');
    const missing = points.filter(({ name }) => !page.includes(`\`${name}\``));
    if (missing.length > 0) {
      console.log(`docs/commit-points.md lacks ${missing.map(({ name }) => name).join(', ')}:`);
      console.log('run `npm run acceptance -- commit-points-all`, and commit what it writes');
    }
  },
);
