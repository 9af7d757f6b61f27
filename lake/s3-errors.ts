import { S3ServiceException } from '@aws-sdk/client-s3';
import {
  AccessDenied,
  BucketNotFound,
  CorruptLake,
  type ErrorContext,
  LakeError,
  StoreUnavailable,
  StoreUnfit,
} from './errors.ts';

/** The HTTP status of a failed request; undefined where there was no answer. */
export function statusOf(cause: unknown): number | undefined {
  return cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
}

export function isNoBucket(cause: unknown): boolean {
  return cause instanceof S3ServiceException && cause.name === 'NoSuchBucket';
}

/** The error of the registry for a failed request. */
export function failureOf(verb: string, cause: unknown, where: ErrorContext): LakeError {
  if (cause instanceof LakeError) return cause;
  const status = statusOf(cause);
  const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  if (isNoBucket(cause)) {
    return new BucketNotFound(
      `there is no bucket ${where.bucket}; create it, or name another in the worker's configuration`,
      where,
      { cause },
    );
  }
  if (
    status === 401 ||
    status === 403 ||
    (cause instanceof Error && cause.name === 'CredentialsProviderError')
  ) {
    return new AccessDenied(
      `could not ${verb} the object: ${why}; check the credentials and the bucket's policy`,
      where,
      { cause },
    );
  }
  // S3 answers so when a header asks for what the server does not have.
  if (status === 501) {
    return new StoreUnfit(
      `could not ${verb} the object, the store lacks what was asked (${why}); use a store with conditional writes`,
      where,
      { cause },
    );
  }
  // The SDK has no class of its own for a response whose bytes are not those of its checksum.
  if (cause instanceof Error && cause.message.startsWith('Checksum mismatch')) {
    return new CorruptLake(
      `the bytes of the object are not those that were put there (${cause.message}); restore it from a copy`,
      where,
      { cause },
    );
  }
  return new StoreUnavailable(`could not ${verb} the object: ${why}`, where, { cause });
}
