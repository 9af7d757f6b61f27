import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { localEnv } from '../../../client/local-config.ts';
import { freePort } from '../../listening.ts';
import { CLI, must, start, until } from '../lib.ts';
import { type Fault, faultyCopy } from './faulty.ts';
import { type Page, withoutCounts, withoutStack } from './page.ts';
import type { LocalStack } from './stack.ts';
import { type Called, type TemporalCli, temporalCli } from './temporal.ts';

const SECONDS = 300;
/** What no test found: a name that is spelled wrong, in an activity that every run comes to once. */
const IN_ACTIVITY = {
  file: 'activities/mix/mix-sources.js',
  right: 'holders.map(({ data }) => data[name])',
  wrong: 'holders.map(({ datum }) => datum[name])',
};
/** And a last decision of the workflow that takes every publication for none. */
const IN_WORKFLOW = {
  file: 'workflows.bundle.js',
  right: 'const training = publication === null',
  wrong: `if (publication !== null) {
        throw _temporalio_workflow__WEBPACK_IMPORTED_MODULE_0__.ApplicationFailure.nonRetryable('nothing was published');
    }
    const training = publication === null`,
};

interface Event {
  eventId: string;
  eventType: string;
  activityTaskFailedEventAttributes?: { scheduledEventId: string };
  activityTaskScheduledEventAttributes?: {
    workflowTaskCompletedEventId: string;
    activityType: { name: string };
  };
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
  await faultyActivity();
  await faultyWorkflow();
  await registered();
  server.kill('SIGTERM');

  /** An activity was at fault: back to where it was not scheduled yet. */
  async function faultyActivity(): Promise<void> {
    const id = 'ingest/biomed/faulty';
    const failed = await failsOn(id, IN_ACTIVITY);
    must(failed.text.includes('TypeError'), 'a run fails at a fault in an activity');
    page.block('faulty', [failed], withoutStack);
    const history = await other.run('workflow', 'show', '--workflow-id', id);
    const at = beforeFailed(await eventsOf(other, id));
    page.block('faulty-history', [history], (text) => eventsFrom(text, at));

    const mended = await worker(CLI);
    await reset(id, '--type', 'LastWorkflowTask');
    must(
      (await other.result(id)).text.includes('TypeError'),
      'with a worker of mended code, reset to its last workflow task it fails again: that its activity failed stands before that',
    );
    const again = await reset(id, '--event-id', at);
    const result = await other.result(id);
    must(
      again.code === 0 && result.code === 0,
      `reset to event ${at}, where that activity was not scheduled yet, it goes on and finishes, without our search attributes\n${result.code === 0 ? '' : result.text}`.trim(),
    );
    page.block('reset', [again, result], withoutCounts);
    const executions = await other.run('workflow', 'list', '--query', 'WorkflowType="processPartitions"');
    const rounds = executions.stdout.split('\n').filter((line) => line.includes(`${id}/synthesize/corpus/0`));
    must(rounds.length === 1, 'what was done before is taken over: its rounds have run once');
    await verified('biomed/faulty');
    await ended(mended);
  }

  /** The workflow's own code was at fault, in its last decision: that alone is taken again. */
  async function faultyWorkflow(): Promise<void> {
    const id = 'ingest/biomed/misjudged';
    const failed = await failsOn(id, IN_WORKFLOW);
    must(failed.text.includes('nothing was published'), "a run fails at a fault in the workflow's code");
    const mended = await worker(CLI);
    const again = await reset(id, '--type', 'LastWorkflowTask');
    const result = await other.result(id);
    must(
      again.code === 0 && result.code === 0,
      'reset to its last workflow task, with a worker of mended code, it finishes',
    );
    page.block('reset-last', [failed, again, result], (text) => withoutCounts(withoutStack(text)));
    const published = (await eventsOf(other, id)).filter(
      (each) => each.activityTaskScheduledEventAttributes?.activityType.name === 'publishRun',
    );
    must(published.length === 1, 'and what it did before was not done again: it has published once');
    await verified('biomed/misjudged');
    await ended(mended);
  }

  /** Runs until it fails on a worker with a fault in its code; what `workflow result` says. */
  async function failsOn(id: string, fault: Fault): Promise<Called> {
    const faulty = await worker(faultyCopy(mkdtempSync(join(folder, 'faulty-')), fault));
    await other.start(id, 'spec.json');
    const result = await other.result(id);
    must(result.code !== 0, `${id} does not succeed`);
    await ended(faulty);
    return result;
  }

  function reset(id: string, ...to: string[]): Promise<Called> {
    return other.run('workflow', 'reset', '--workflow-id', id, ...to, '--reason', 'the code is mended');
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
