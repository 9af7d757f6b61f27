import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { temporal } from '@temporalio/proto';
import { inject } from 'vitest';
import { createBucket, s3Client } from '../client/stack/servers.ts';
import type { S3Settings } from '../lake/s3.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/contract.ts';

export interface Lab {
  /** host:port, for workers. */
  address: string;
  namespace: string;
  client: Client;
  /** A bucket of its own. */
  s3: Required<S3Settings>;
  /** Code of the workflow bundle, for workers. */
  bundle: string;
  close: () => Promise<void>;
}

/**
 * A namespace and a bucket of their own: queue names are a contract, so test files side by side in one would take each other's tasks.
 * With `searchAttributes` the namespace has ours registered, as on a server that was prepared for us.
 */
export async function openLab(options: { searchAttributes?: boolean } = {}): Promise<Lab> {
  const stack = inject('stack');
  const connection = await Connection.connect({ address: stack.temporal });
  const id = randomUUID();
  const namespace = `test-${id}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  if (options.searchAttributes) await registerSearchAttributes(connection, namespace);
  const s3 = { ...stack.s3, bucket: `test-${id}` };
  const client = s3Client(s3);
  await createBucket(client, s3.bucket);
  client.destroy();
  return {
    address: stack.temporal,
    namespace,
    client: new Client({ connection, namespace }),
    s3,
    bundle: stack.bundle,
    close: () => connection.close(),
  };
}

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { IndexedValueType } = temporal.api.enums.v1;
  const types = {
    Keyword: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    Int: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  };
  const named = Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, types[type]] as const);
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(named),
  });
}
