import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { obtainServers } from '../client/stack/obtain.ts';
import { choosePorts, HOST } from '../client/stack/ports.ts';
import { startS3 } from '../client/stack/servers.ts';
import { s3Keys } from '../client/stack/state.ts';
import type { openS3 } from '../lake/s3.ts';
import type { Settings } from './bench.ts';

export interface BenchLake {
  settings: Required<Parameters<typeof openS3>[0]>;
  close: () => Promise<void>;
}

/** An S3 server of its own with an empty bucket, in a folder. */
export async function openLake(
  folder: string,
  { note, signal }: Pick<Settings, 'note' | 'signal'>,
): Promise<BenchLake> {
  const state = join(folder, 'state');
  for (const each of ['s3', 'sidecar', 'logs']) mkdirSync(join(state, each), { recursive: true });
  const { versitygw } = await obtainServers(note, signal);
  const ports = await choosePorts(state, 'random');
  const settings = {
    endpoint: `http://${HOST}:${ports.s3}`,
    region: 'us-east-1',
    bucket: 'lake',
    forcePathStyle: true,
    ...s3Keys(state),
  };
  const server = await startS3(versitygw, { state, ports, s3: settings, signal });
  return { settings, close: () => server.stop() };
}
