import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { type EndpointSettings, endpointSettings } from './settings.ts';
import type { EndpointStatistics } from './statistics.ts';

export interface EndpointProcess {
  url: string;
  pid: number;
  settings: EndpointSettings;
  statistics: () => Promise<EndpointStatistics>;
  stop: () => Promise<void>;
}

/** Starts the simulated endpoint in a process of its own, which ends with this one. Throws an Error when it does not start. */
export async function startEndpoint(scenario: string): Promise<EndpointProcess> {
  const settings = endpointSettings(scenario);
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main, scenario], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  if (said === undefined) throw new Error('the simulated endpoint did not start');
  const { url } = JSON.parse(String(said[0])) as { url: string };
  return {
    url,
    pid: child.pid ?? 0,
    settings,
    async statistics() {
      const { body } = await request(`${url}/stats`);
      return (await body.json()) as EndpointStatistics;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
