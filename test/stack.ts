import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { openStack } from '../client/stack/stack.ts';
import type { S3Settings } from '../lake/s3.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    stack: {
      /** host:port */
      temporal: string;
      /** URL of Temporal's UI. */
      ui: string;
      /** The server and its keys; each lab has a bucket of its own. */
      s3: Required<S3Settings>;
      /** Code of the workflow bundle. */
      bundle: string;
    };
  }
}

/** One Temporal server, one S3 server and one workflow bundle for all files of a project's run, made the way the command makes them. */
export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const began = performance.now();
  const state = mkdtempSync(join(tmpdir(), 'instruct-lake-test-'));
  const bundling = bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  const [stack, bundle] = await Promise.allSettled([
    openStack({ state, report: (line) => console.log(line), ports: 'random', database: 'memory' }),
    bundling,
  ]);
  const close = async () => {
    if (stack.status === 'fulfilled') await stack.value.close();
    rmSync(state, { recursive: true, force: true });
  };
  if (stack.status === 'rejected' || bundle.status === 'rejected') {
    await close();
    throw stack.status === 'rejected' ? stack.reason : (bundle as PromiseRejectedResult).reason;
  }
  const { temporal, ui, s3 } = stack.value.settings;
  project.provide('stack', { temporal, ui, s3, bundle: bundle.value.code });
  console.log(`${project.name}: stack up in ${Math.round(performance.now() - began)} ms`);
  return close;
}
