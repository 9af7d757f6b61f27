import { AccessDenied, BucketNotFound } from '../../lake/errors.ts';
import { probeStore } from '../../lake/probe.ts';
import { openS3, type S3Settings } from '../../lake/s3.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { type Finding, look } from './finding.ts';

/** Looks at a bucket: whether it can be reached and read, and whether it honours conditional writes. */
export async function lookAtStore(
  settings: S3Settings,
  whose: string,
  found: (finding: Finding) => void,
): Promise<void> {
  const store = openS3(settings);
  try {
    const reached = await look(`S3${whose}`, mend(settings), async () => {
      for await (const _ of store.list('index/')) break;
      return `bucket ${settings.bucket} at ${whereOf(settings)} can be listed`;
    });
    found(reached);
    if (reached.state === 'ok') found(await lookAtConditions(store, whose, settings));
  } finally {
    store.close();
  }
}

function lookAtConditions(store: ObjectStore, whose: string, settings: S3Settings): Promise<Finding> {
  return look(
    `Conditional writes${whose}`,
    (error) =>
      error instanceof AccessDenied
        ? 'allow s3:PutObject and s3:GetObject on the bucket'
        : `${mend(settings)(error)}; a store must honour If-None-Match on PUT (AWS S3, MinIO, Ceph and versitygw do)`,
    async () => {
      await probeStore(store);
      return 'a second PUT with If-None-Match: * is refused, and objects have ETags';
    },
  );
}

const mend =
  ({ bucket }: S3Settings) =>
  (error: Error): string => {
    if (error instanceof BucketNotFound) return `create bucket ${bucket}, or name another with --bucket`;
    if (error instanceof AccessDenied) {
      return 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE), with s3:ListBucket, s3:GetObject and s3:PutObject on the bucket';
    }
    return 'check --s3-endpoint (AWS_ENDPOINT_URL_S3) and that the server runs; a local one starts with `instruct-lake up`';
  };

/** The server of a bucket, without keys that somebody may have written into its address. */
export function whereOf({ endpoint, region }: Pick<S3Settings, 'endpoint' | 'region'>): string {
  return endpoint === undefined ? `AWS, region ${region}` : originOf(endpoint);
}

export function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : 'an address that is no URL';
}
