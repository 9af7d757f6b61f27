import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { CpuStage } from '../../../activities/cpu-stages.ts';
import type { Settings } from '../../../activities/settings.ts';
import { sampleTokenizerPath } from '../../../client/sample/index.ts';
import type { StackSettings } from '../../../client/stack/state.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import type { Done } from '../../../workflows/contract.ts';
import { historiesOf } from '../../executions.ts';
import { ROOT } from '../lib.ts';
import type { StageAlone, StageMemory } from './stage-alone.ts';

/** An activity of a run that has ended: what it was asked, and the commit that came of it. */
interface Activity {
  stage: string;
  input: unknown;
  done: Done;
}

async function activitiesOf(settings: StackSettings, workflowId: string): Promise<Activity[]> {
  const connection = await Connection.connect({ address: settings.temporal });
  const client = new Client({ connection, namespace: settings.namespace });
  const found: Activity[] = [];
  const decoded = (payload: { data?: Uint8Array | null } | undefined): unknown =>
    JSON.parse(Buffer.from(payload?.data ?? []).toString());
  for (const { history } of await historiesOf(client, workflowId)) {
    const asked = new Map<string, { stage: string; input: unknown }>();
    for (const event of history.events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) {
        const stage = scheduled.activityType?.name ?? '';
        asked.set(String(event.eventId), { stage, input: decoded(scheduled.input?.payloads?.[0]) });
      }
      const completed = event.activityTaskCompletedEventAttributes;
      const one = completed && asked.get(String(completed.scheduledEventId));
      if (one) found.push({ ...one, done: decoded(completed.result?.payloads?.[0]) as Done });
    }
  }
  await connection.close();
  return found;
}

/** The activity of a stage that wrote most in a run is done once more, in a process that holds nothing else: what that process held. */
export async function stageMemory(
  store: ObjectStore,
  settings: StackSettings,
  workflowId: string,
  stage: CpuStage,
): Promise<StageMemory> {
  const sizes = new Map<Activity, number>();
  for (const each of (await activitiesOf(settings, workflowId)).filter((one) => one.stage === stage)) {
    const commit = JSON.parse(Buffer.from((await store.find(each.done.ref.key)) ?? []).toString()) as {
      outputs: { size: number }[];
    };
    sizes.set(
      each,
      commit.outputs.reduce((sum, { size }) => sum + size, 0),
    );
  }
  const [largest] = [...sizes].sort(([, a], [, b]) => b - a)[0] ?? [];
  if (largest === undefined) throw new Error(`${workflowId} has no ${stage}`);
  // Else the stage would find that it is done. What comes after it names this commit, and finds it again below.
  const { key } = largest.done.ref;
  const commit = (await store.find(key)) as Uint8Array;
  await store.delete([key]);
  const worker: Settings = {
    lake: settings.s3,
    endpoints: {},
    launchers: {},
    tokenizers: { default: { file: sampleTokenizerPath(), bos: 'none', eos: '<|end|>' } },
  };
  const program = join(ROOT, 'test', 'acceptance', 'parts', 'stage-alone.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const asked: StageAlone = { settings: worker, stage, input: largest.input };
  child.stdin.end(JSON.stringify(asked));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${stage} by itself ended with ${code}`);
  await store.put(key, commit);
  return JSON.parse(printed) as StageMemory;
}
