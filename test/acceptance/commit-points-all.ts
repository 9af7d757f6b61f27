// tier: manual — a worker killed before and after every kind of write of a run; writes the table of docs/commit-points.md
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { playIncremental } from '../faults/commit-points/play.ts';
import { INCREMENTAL } from '../faults/commit-points/scene.ts';
import { page } from '../faults/commit-points/table.ts';
import { UPLOAD_POINTS } from '../faults/commit-points/upload.ts';
import { must, ROOT } from './lib.ts';
import { showCommitPoints } from './parts/commit-points.ts';

await showCommitPoints(
  () => true,
  async ({ scene, points, seen }) => {
    must(
      points.every(({ name }) => seen.crashes.get(name)?.before && seen.crashes.get(name)?.after),
      'every kind of write was met by a crash before it and by one after it',
    );
    const report = (line: string): void => console.log(`  so: ${line}`);
    const incremental = await playIncremental({ ...scene, kind: INCREMENTAL }, points, report);
    writeFileSync(join(ROOT, 'docs', 'commit-points.md'), page(points, UPLOAD_POINTS, seen, incremental));
  },
);
