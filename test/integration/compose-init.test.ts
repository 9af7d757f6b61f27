import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { obtainServers } from '../../client/stack/obtain.ts';
import { openS3 } from '../../lake/s3.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compose = parse(readFileSync(`${root}deploy/compose.yaml`, 'utf8'), { merge: true }) as {
  services: Record<string, { entrypoint: string[]; command: string[] }>;
};

/** Runs what a service runs, here; compose makes one dollar of two. */
async function runService(
  name: string,
  env: Record<string, string>,
  change = (text: string) => text,
): Promise<void> {
  const { entrypoint, command } = compose.services[name] ?? { entrypoint: [], command: [] };
  const [program = '', ...args] = [
    ...entrypoint,
    ...command.map((text) => change(text.replaceAll('$$', '$'))),
  ];
  await promisify(execFile)(program === 'node' ? process.execPath : program, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, AWS_EC2_METADATA_DISABLED: 'true', ...env },
  });
}

test('the namespace and its search attributes are made, and made again without an error', async () => {
  const stack = inject('stack');
  const { temporal } = await obtainServers(() => {});
  const namespace = `test-${randomUUID()}`;
  const env = {
    TEMPORAL_ADDRESS: stack.temporal,
    TEMPORAL_NAMESPACE: namespace,
    PATH: `${dirname(temporal)}:${process.env.PATH}`,
  };
  // Here the binary may be called otherwise than in the image of the admin tools.
  const here = (text: string): string => text.replaceAll('temporal operator', `'${temporal}' operator`);
  await runService('temporal-namespace', env, here);
  await runService('temporal-namespace', env, here);
  const connection = await Connection.connect({ address: stack.temporal });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  await connection.close();
  for (const name of Object.keys(SEARCH_ATTRIBUTES)) expect(customAttributes).toHaveProperty(name);
});

test('the bucket is made, and made again without an error', async () => {
  const { s3 } = inject('stack');
  const bucket = `test-${randomUUID()}`;
  const env = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
  };
  const here = (text: string): string => text.replace("'lake'", `'${bucket}'`);
  await runService('bucket', env, here);
  await runService('bucket', env, here);
  const store = openS3({ ...s3, bucket });
  await store.put('raw/a', new Uint8Array([1]));
  store.close();
});
