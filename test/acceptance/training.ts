// tier: ci — one training job by name: adopted after its worker was killed, ended by cancelling with its whole tree, failures with their last lines

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplePassages } from '../../client/sample/index.ts';
import { type IngestSpec, QUEUES, type Trained } from '../../workflows/contract.ts';
import type { trainModel } from '../../workflows/index.ts';
import { failureOf } from '../executions.ts';
import { kill9 } from '../faults/kill.ts';
import { putTexts, textSpec } from '../pipeline.ts';
import { must, scratch, until } from './lib.ts';
import { openScene } from './parts/scene.ts';

const DOMAIN = 'trains';
const SECRET = 'hub-0123456789abcdef';
const flags = scratch('training-flags');
const shell = (script: string): string[] => ['/bin/sh', '-c', script, 'trainer', flags, '{output}'];
const scene = await openScene('training', {
  trainers: {
    patient: {
      command: shell(
        'echo $$ >> "$1/starts"; echo up; while [ ! -e "$1/go" ]; do sleep 0.1; done; echo "{\\"loss\\":2.5}" > "$2/metrics.jsonl"',
      ),
    },
    tree: {
      command: shell(
        'sleep 600 & echo $! > "$1/child"; setsid sleep 600 & echo $! > "$1/session"; (trap "" TERM; echo x > "$1/deaf"; while :; do sleep 0.1; done) & echo $! > "$1/deaf-pid"; echo $$ > "$1/tree"; wait',
      ),
    },
    failing: {
      command: shell('echo step 1; printf "token %s \\b\\b loss \\342\\200\\256nan\\n" "$HUB_TOKEN"; exit 1'),
      env: { HUB_TOKEN: SECRET },
    },
    shot: { command: shell('echo about to die; kill -9 $$') },
    missing: { command: ['no-such-trainer-anywhere', '{input}'] },
  },
});
const spec: IngestSpec = textSpec(DOMAIN, {
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
  mix: { sources: [{ from: 'raw', weight: 1 }] },
});
const file = (name: string): string => join(flags, name);
const pidIn = (name: string): number => Number(readFileSync(file(name), 'utf8').trim());

try {
  await putTexts(
    scene.store,
    `${spec.input.prefix}a.parquet`,
    samplePassages().map(({ text }) => text),
  );
  const worker = await scene.startWorker();
  await scene.client.workflow.getHandle(await scene.start(spec, 'r1')).result();

  const handle = await train('patient', 'a');
  await until(
    'the trainer at work',
    60,
    async () => (existsSync(file('starts')) && (await watching('a'))) || undefined,
  );
  await kill9(worker);
  must(alive(pidIn('starts')), 'the worker is killed (-9), its training job runs on');
  const twin = await train('patient', 'b');
  await Promise.all([scene.startWorker(), scene.startWorker()]);
  await until('others who watch', 90, async () => {
    const attempts = await Promise.all(['a', 'b'].map(watching));
    return ((attempts[0] ?? 0) >= 2 && attempts[1] !== undefined) || undefined;
  });
  writeFileSync(file('go'), '');
  const results: Trained[] = await Promise.all([handle.result(), twin.result()]);
  const starts = readFileSync(file('starts'), 'utf8').trim().split('\n').length;
  must(
    starts === 1 &&
      results.every(({ metrics }) => metrics.loss === 2.5) &&
      results[0]?.name === results[1]?.name,
    'two workers adopted it for two workflows: one job, started once, one result',
  );

  const tree = await train('tree', 'c');
  const members = ['child', 'session', 'deaf-pid', 'tree'];
  await until(
    'the whole tree',
    60,
    async () => [...members, 'deaf'].every((name) => existsSync(file(name))) || undefined,
  );
  const pids = members.map(pidIn);
  must(pids.every(alive), 'a trainer has a child, one in a session of its own, and one that ignores TERM');
  const begun = performance.now();
  await scene.temporal.run('workflow', 'cancel', '--workflow-id', tree.workflowId);
  await until('the end', 90, async () => ((await status('c')) === 'RUNNING' ? undefined : true));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  must(
    (await status('c')) === 'CANCELLED' && !pids.some(alive),
    `\`temporal workflow cancel\` ends all of them before the workflow closes (${seconds} s, of which 10 are what TERM is given)`,
  );

  const failed = await failureOf((await train('failing', 'd')).result());
  must(
    failed.type === 'TrainingFailed' &&
      /exited with code 1; its last lines:\nstep 1\ntoken \*\*\* /.test(failed.message),
    `a trainer that exits with 1: ${JSON.stringify(failed.message.split('last lines:')[1])}`,
  );
  must(
    !failed.message.includes(SECRET) && failed.message.includes('\\x08\\x08 loss \\u202enan'),
    'its secret is hidden, what steers a terminal is made visible',
  );
  const shot = await failureOf((await train('shot', 'e')).result());
  must(
    /was ended by SIGKILL; its last lines:\nabout to die/.test(shot.message),
    `one that is killed: ${JSON.stringify(shot.message)}`,
  );
  const missing = await failureOf((await train('missing', 'f')).result());
  must(
    missing.type === 'TrainingFailed' && /no-such-trainer-anywhere/.test(missing.message),
    `one that cannot be started: ${JSON.stringify(missing.message)}`,
  );
  const jobs = (name: string): number =>
    readdirSync(join(scene.folder, 'jobs', name)).filter((each) => each !== 'shards').length;
  must(
    ['failing', 'shot', 'missing'].every((name) => jobs(name) === 1),
    'none of them was started a second time',
  );
} finally {
  await scene.close();
}

function train(launcher: string, id: string) {
  return scene.client.workflow.start<typeof trainModel>('trainModel', {
    workflowId: `train/${id}`,
    taskQueue: QUEUES.workflows,
    args: [{ domain: DOMAIN, run: 'r1', launcher }],
  });
}

async function status(id: string): Promise<string> {
  return (await scene.client.workflow.getHandle(`train/${id}`).describe()).status.name;
}

/** The attempt at watching that a worker has in hand: a second one belongs to another worker than the first. */
async function watching(id: string): Promise<number | undefined> {
  const { raw } = await scene.client.workflow.getHandle(`train/${id}`).describe();
  const [pending] = raw.pendingActivities ?? [];
  const isWatching = pending?.activityType?.name === 'watchTraining' && Number(pending.state) === 2;
  return isWatching ? (pending.attempt ?? 0) : undefined;
}

/** Whether a process is there and is more than a zombie. */
function alive(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return state !== '' && !state.startsWith('Z');
  } catch {
    return false;
  }
}
