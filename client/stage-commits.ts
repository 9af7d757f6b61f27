import type { StageCommit } from '../lake/commit.ts';
import { stageUnits } from '../lake/layout.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { RunRef } from '../workflows/contract.ts';

/**
 * The commits of these stages of a run, as far as there are any; those of one stage of one unit together: several where it was
 * done again with other inputs.
 */
export async function* stageCommits(
  store: ObjectStore,
  run: RunRef,
  stages: readonly string[],
): AsyncGenerator<StageCommit[]> {
  let group: StageCommit[] = [];
  for await (const { key } of store.list(stageUnits(run))) {
    const [, stage] = /\/([^/]+)\/[^/]+\/_commit\.json$/.exec(key) ?? [];
    if (stage === undefined || !stages.includes(stage)) continue;
    const bytes = await store.find(key);
    if (bytes === undefined) continue;
    const commit = JSON.parse(new TextDecoder().decode(bytes)) as StageCommit;
    if (group[0] !== undefined && (group[0].unit !== commit.unit || group[0].stage !== commit.stage)) {
      yield group;
      group = [];
    }
    group.push(commit);
  }
  if (group.length > 0) yield group;
}
