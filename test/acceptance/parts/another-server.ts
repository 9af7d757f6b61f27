import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { localEnv } from '../../../client/local-config.ts';
import { freePort } from '../../listening.ts';
import { CLI, must, start, until } from '../lib.ts';
import { faultyCopy } from './faulty.ts';
import type { Page } from './page.ts';
import type { LocalStack } from './stack.ts';
import { type TemporalCli, temporalCli } from './temporal.ts';

const SECONDS = 300;
/** What no test found: a name that is spelled wrong, in code that every run comes to once. */
const FAULT = {
  file: 'activities/mix/mix-sources.js',
  right: 'commits.map(({ data }) => data[name])',
  wrong: 'commits.map(({ datum }) => datum[name])',
};

interface Event {
  eventId: string;
  eventType: string;
  activityTaskFailedEventAttributes?: { scheduledEventId: string };
  activityTaskScheduledEventAttributes?: { workflowTaskCompletedEventId: string };
  startChildWorkflowExecutionInitiatedEventAttributes?: { workflowId: string };
}

/**
 * On a Temporal server that does not know our search attributes, with the lake of our stack: a run fails at a fault in the code, is reset once
 * that is mended, and finishes; then the attributes are registered as the page says, and a run is found by them.
 */
export async function onAnotherServer({
  stack,
  page,
  verified,
}: {
  stack: LocalStack;
  page: Page;
  verified: (name: string) => Promise<void>;
}): Promise<void> {
  const { folder, env } = stack;
  const address = `127.0.0.1:${await freePort()}`;
  const other = await temporalCli(address, { cwd: folder, env });
  const [host = '', port = ''] = address.split(':');
  const server = start(other.binary, ['server', 'start-dev', '--headless', '--ip', host, '--port', port], {
    env,
  });
  await until('another server', SECONDS, async () => {
    const { code, stdout } = await other.run('operator', 'cluster', 'health');
    return (code === 0 && stdout.includes('SERVING')) || undefined;
  });
  const unknown = await other.run('workflow', 'list', '--query', 'Domain="biomed"');
  must(unknown.code !== 0, 'there is a second server, which does not know our search attributes');
  await resetAfterFix();
  await registered();
  server.kill('SIGTERM');

  async function resetAfterFix(): Promise<void> {
    const id = 'ingest/biomed/faulty';
    const copy = join(folder, 'faulty');
    mkdirSync(copy);
    const faulty = await worker(faultyCopy(copy, FAULT));
    await other.start(id, 'spec.json');
    const failed = await other.result(id);
    must(
      failed.code !== 0 && failed.stdout.includes('TypeError'),
      'a run fails at a fault in the code of its worker',
    );
    page.block('faulty', [failed]);
    await ended(faulty);

    const mended = await worker(CLI);
    await other.run(
      ...['workflow', 'reset', '--workflow-id', id],
      ...['--type', 'LastWorkflowTask', '--reason', 'mixSources is mended'],
    );
    must(
      (await other.result(id)).code !== 0,
      'reset to its last workflow task it fails again at once: that its activity failed stands before that',
    );
    const history = await other.run('workflow', 'show', '--workflow-id', id);
    const events = await eventsOf(other, id);
    const at = beforeFailed(events);
    page.block('faulty-history', [history], (text) => eventsFrom(text, at));
    const reset = await other.run(
      ...['workflow', 'reset', '--workflow-id', id],
      ...['--event-id', at, '--reason', 'mixSources is mended'],
    );
    const result = await other.result(id);
    must(
      reset.code === 0 && result.code === 0,
      `reset to event ${at}, where the activity that failed was not scheduled yet, it goes on and finishes, without our search attributes\n${result.code === 0 ? '' : result.stdout}`.trim(),
    );
    page.block('reset', [reset, result], (text) => text.replace(/"counts":\{[^}]*\}/g, '"counts":{…}'));
    const executions = await other.run('workflow', 'list', '--query', 'WorkflowType="processPartitions"');
    const rounds = executions.stdout.split('\n').filter((line) => line.includes(`${id}/synthesize/corpus/0`));
    const kept = (await eventsOf(other, id)).slice(0, Number(at));
    const lanes = kept.filter(
      (each) => each.startChildWorkflowExecutionInitiatedEventAttributes !== undefined,
    );
    must(
      rounds.length === 1 && lanes.length > 0,
      `what was done before is taken over: its rounds ran once, ${lanes.length} lanes stand in the history that both have`,
    );
    await verified('biomed/faulty');
    await ended(mended);
  }

  async function registered(): Promise<void> {
    const made = await other.run(
      ...['operator', 'search-attribute', 'create', '--name', 'Domain', '--type', 'Keyword'],
      ...['--name', 'Run', '--type', 'Keyword', '--name', 'Phase', '--type', 'Keyword'],
      ...['--name', 'FailedPartitions', '--type', 'Int'],
    );
    must(made.code === 0, 'operator search-attribute create registers them');
    page.block('search-attributes', [made]);
    const knowing = await worker(CLI);
    const id = 'ingest/biomed/known';
    await other.start(id, 'spec.json');
    must((await other.result(id)).code === 0, 'with a worker started after it, a run finishes');
    await other.listed('Domain="biomed" AND Phase="done"', [id]);
    must(true, 'and is found by its domain');
    await ended(knowing);
  }

  /** A worker with the configuration of our stack's, on the other server; resolves when it polls. */
  async function worker(command: string): Promise<ReturnType<typeof start>> {
    const config = join(folder, '.instruct-lake', 'worker.yaml');
    const started = start(process.execPath, [command, 'worker', '--config', config, '--address', address], {
      cwd: folder,
      env: { ...env, ...localEnv(stack.settings) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await until('a worker', SECONDS, async () => {
      if (started.exitCode !== null) throw new Error(`the worker ended with ${started.exitCode}`);
      const { stdout } = await other.run('task-queue', 'describe', '--task-queue', 'instruct-lake');
      return new RegExp(`\\s${started.pid}@`).test(stdout) || undefined;
    });
    return started;
  }
}

async function ended(worker: ReturnType<typeof start>): Promise<void> {
  const exit = once(worker, 'exit');
  worker.kill('SIGTERM');
  await exit;
}

async function eventsOf({ run }: TemporalCli, id: string): Promise<Event[]> {
  const { stdout } = await run('workflow', 'show', '--workflow-id', id, '--output', 'json');
  return (JSON.parse(stdout) as { events: Event[] }).events;
}

/** The workflow task by which the activity that failed last was scheduled: as far as a history can be kept. */
function beforeFailed(events: readonly Event[]): string {
  const failed = events.findLast((each) => each.activityTaskFailedEventAttributes !== undefined);
  const id = failed?.activityTaskFailedEventAttributes?.scheduledEventId;
  const scheduled = events.find(({ eventId }) => eventId === id)?.activityTaskScheduledEventAttributes;
  if (scheduled === undefined) throw new Error('no activity has failed');
  return scheduled.workflowTaskCompletedEventId;
}

/** The lines of a history from an event on. */
function eventsFrom(text: string, eventId: string): string {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.trim().startsWith(`${eventId} `));
  const to = lines.findIndex((line) => line.includes('WorkflowExecutionFailed'));
  return ['…', ...lines.slice(from, to + 1)].join('\n');
}
