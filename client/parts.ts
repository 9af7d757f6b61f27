import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidConfig } from '../lake/errors.ts';
import { openEndpoint } from './endpoint/server.ts';
import { writeLocalConfig } from './local-config.ts';
import type { StackPart } from './stack/stack.ts';

/** What runs on a local stack besides its servers: the embedded endpoint, and a worker of all roles. */
export function localParts(configFile: string | undefined): StackPart[] {
  return [
    {
      name: 'the embedded endpoint',
      async open({ endpoint }) {
        const { hostname, port } = new URL(endpoint);
        return openEndpoint({ host: hostname, port: Number(port) });
      },
    },
    {
      name: 'the worker',
      async open(stack) {
        const file = configFile === undefined ? undefined : resolve(configFile);
        const extra = file === undefined ? undefined : { file, text: await readExtra(file) };
        const settings = await writeLocalConfig(stack, extra, process.env);
        const { startWorker } = await import('../worker/worker.ts');
        const { quietRuntime } = await import('../worker/runtime.ts');
        // Last: a runtime that never gets a connection keeps the process from ending when something before it fails.
        quietRuntime(stack.state, settings.metrics);
        return startWorker({
          connection: { address: stack.temporal },
          namespace: stack.namespace,
          settings,
          roles: settings.roles,
          threads: settings.threads,
          measured: settings.metrics !== undefined,
        });
      },
    },
  ];
}

function readExtra(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidConfig(`the configuration ${file} cannot be read`, {}, { cause });
  });
}
