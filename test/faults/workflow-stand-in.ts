/**
 * What `@temporalio/workflow` is to workflow code that runs in a plain process: activities are called at once and
 * children are functions; nothing is recorded and nothing is tried again. What it does not define is the SDK's own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Activities } from '../../workflows/contract.ts';

export * from '@temporalio/workflow';

interface Execution {
  workflowId: string;
  activities: Activities;
}
const executions = new AsyncLocalStorage<Execution>();

function current(): Execution {
  const execution = executions.getStore();
  if (execution === undefined) throw new Error('workflow code runs inside runWorkflow alone');
  return execution;
}

/** Runs workflow code as the execution `workflowId`, its activities in this process. */
export const runWorkflow = <T>(execution: Execution, work: () => Promise<T>): Promise<T> =>
  executions.run(execution, work);

export const proxyActivities = (): object =>
  new Proxy(
    {},
    {
      get: (_, name) => (input: unknown) => {
        const activity = current().activities[name as keyof Activities] as (input: unknown) => unknown;
        return activity(input);
      },
    },
  );

/** Never cancelled from within: nobody steers a run here. */
export class CancellationScope {
  static nonCancellable<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
  run<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
  cancel(): void {}
}

export async function startChild<A extends unknown[], T>(
  workflow: (...args: A) => Promise<T>,
  options: { workflowId: string; args: A },
): Promise<{ result: () => Promise<T> }> {
  const result = executeChild(workflow, options);
  result.catch(() => {});
  return { result: () => result };
}

export function executeChild<A extends unknown[], T>(
  workflow: (...args: A) => Promise<T>,
  { workflowId, args }: { workflowId: string; args: A },
): Promise<T> {
  return executions.run({ ...current(), workflowId }, () => workflow(...args));
}

export const workflowInfo = (): object => ({
  workflowId: current().workflowId,
  startTime: new Date(0),
  historyLength: 0,
  continueAsNewSuggested: false,
});
const gauge = { set: () => {}, withTags: () => gauge };
const counter = { add: () => {}, withTags: () => counter };
export const metricMeter = { createGauge: () => gauge, createCounter: () => counter };
export const allHandlersFinished = (): boolean => true;
export const setHandler = (): void => {};
export const setCurrentDetails = (): void => {};
export const upsertSearchAttributes = (): void => {};
export const patched = (): boolean => true;

export async function condition(so: () => boolean, timeout?: number): Promise<boolean> {
  for (const end = performance.now() + (timeout ?? Number.POSITIVE_INFINITY); !so(); ) {
    if (performance.now() > end) return false;
    await setTimeout(1);
  }
  return true;
}
