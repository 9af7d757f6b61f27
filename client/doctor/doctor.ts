import { existsSync } from 'node:fs';
import { localConfigFile, localEnv } from '../local-config.ts';
import type { Target } from '../target.ts';
import { type Finding, wrong } from './finding.ts';
import { lookAtStore } from './store.ts';
import { lookAtTemporal } from './temporal.ts';
import { lookAtWorker } from './worker.ts';

/** Looks at everything a run needs, one by one; each finding is told as soon as it is there. */
export async function examine(
  target: Target,
  config: string | undefined,
  onFinding: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const found = (finding: Finding): void => {
    findings.push(finding);
    onFinding(finding);
  };
  await lookAtTemporal(target, found);
  const { lake, stack } = target;
  if (lake === undefined) {
    found(
      wrong(
        'S3',
        `no bucket is named for ${target.said}`,
        'name it with --bucket, and its server with --s3-endpoint',
      ),
    );
  } else await lookAtStore(lake, '', found);
  const file = config ?? (stack === undefined ? undefined : localConfigFile(stack.state));
  if (file === undefined || (config === undefined && !existsSync(file))) {
    found({
      what: 'Worker configuration',
      state: 'skipped',
      detail: 'not looked at: endpoints, tokenizers and launchers are in it',
      mend: 'name it with --config FILE, on the machine where the worker runs',
    });
  } else {
    const env = stack === undefined ? process.env : { ...process.env, ...localEnv(stack) };
    await lookAtWorker(file, env, lake, found);
  }
  return findings;
}
