import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../client/stack/poll.ts';
import { s3Client } from '../../client/stack/servers.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';
import { type Lab, openLab } from '../lab.ts';

let plain: Lab;
let prepared: Lab;
beforeAll(async () => {
  [plain, prepared] = await Promise.all([openLab(), openLab({ searchAttributes: true })]);
});
afterAll(async () => {
  await Promise.all([plain?.close(), prepared?.close()]);
});

async function attributesOf(lab: Lab): Promise<string[]> {
  const { customAttributes } = await lab.client.connection.operatorService.listSearchAttributes({
    namespace: lab.namespace,
  });
  return Object.keys(customAttributes).filter((name) => name in SEARCH_ATTRIBUTES);
}

test('labs share the servers and nothing else', async () => {
  expect(plain.namespace).not.toBe(prepared.namespace);
  const s3 = s3Client(plain.s3);
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  s3.destroy();
  const names = Buckets.map((bucket) => bucket.Name);
  expect(names).toEqual(expect.arrayContaining([plain.s3.bucket, prepared.s3.bucket, 'lake']));
});

test('search attributes are there where they were asked for, and can be searched by', async () => {
  expect(await attributesOf(plain)).toEqual([]);
  expect((await attributesOf(prepared)).sort()).toEqual(Object.keys(SEARCH_ATTRIBUTES).sort());
  const start = {
    workflowId: 'ingest/d/r',
    taskQueue: 'nobody',
    searchAttributes: { Domain: ['d'], FailedPartitions: [3] },
  };
  await prepared.client.workflow.start('anything', start);
  await expect(plain.client.workflow.start('anything', start)).rejects.toThrow();
  const query = 'Domain = "d" AND FailedPartitions > 2';
  const found = async () => (await prepared.client.workflow.count(query)).count || undefined;
  expect(await until(found, { within: 10_000, what: 'the workflow was not found' })).toBe(1);
});
