import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { AccessDenied, type ErrorContext, InputChanged, StoreUnavailable } from './errors.ts';
import { failureOf, isNoBucket, statusOf } from './s3-errors.ts';
import { later, parts, sendingWith } from './s3-requests.ts';
import type { ListedObject, ObjectInfo, ObjectStore, PutOptions, UnfinishedUpload } from './store.ts';

/** How to reach a bucket. Without keys the AWS default chain (environment, profile, role) gives the credentials. */
export interface S3Settings {
  bucket: string;
  region: string;
  endpoint?: string;
  forcePathStyle?: boolean;
  accessKeyId?: string;
  secretAccessKey?: string;
}

/** The store, and the store for one task: requests end when the task's signal aborts. */
export interface S3Store extends ObjectStore {
  /** Reads are broken off at once; a write under way gets `WRITE_GRACE_MS` to tell whether it was done. */
  during(signal: AbortSignal): ObjectStore;
  close(): void;
}

/** As many as the S3 API takes in one request. */
const REMOVED_AT_ONCE = 1_000;
const PART_BYTES = 8 * 2 ** 20;
/**
 * A connection on which nothing moves for this long is given up. (The SDK's own `requestTimeout` only warns, and would
 * count a slow upload too.)
 */
const IDLE_MS = 60_000;
/** What was sent may be carried out by the store all the same: a cancelled task waits this long for the answer. */
const WRITE_GRACE_MS = 3_000;
/** Conflicts and broken-off answers of a conditional put are asked again this often before the activity's own retry takes over. */
const PUT_TRIES = 5;

/** The object store over the S3 API. Failures are the errors of the registry, each naming bucket and key. */
export function openS3(settings: S3Settings, { idleMs = IDLE_MS } = {}): S3Store {
  const client = new S3Client({
    region: settings.region,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.forcePathStyle === undefined ? {} : { forcePathStyle: settings.forcePathStyle }),
    ...(settings.accessKeyId === undefined || settings.secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey } }),
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 5_000, socketTimeout: idleMs },
  });
  return {
    ...storeOf(client, settings.bucket),
    during: (signal) => storeOf(client, settings.bucket, signal),
    close: () => client.destroy(),
  };
}

function storeOf(client: S3Client, bucket: string, signal?: AbortSignal): ObjectStore {
  // Every request under way listens to it.
  if (signal !== undefined) setMaxListeners(0, signal);
  const reading = signal === undefined ? {} : { abortSignal: signal };
  const writing = signal === undefined ? {} : { abortSignal: later(signal, WRITE_GRACE_MS) };
  /** Why a request failed: for no reason of its own when its task was cancelled. */
  function failure(verb: string, cause: unknown, where: ErrorContext): unknown {
    return signal?.aborted ? signal.reason : failureOf(verb, cause, where);
  }

  async function head(key: string): Promise<ObjectInfo | undefined> {
    try {
      const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), reading);
      return { size: answer.ContentLength ?? 0, etag: unquote(answer.ETag) };
    } catch (cause) {
      if (statusOf(cause) === 404 && !isNoBucket(cause)) return undefined;
      throw failure('read the head of', cause, { bucket, key });
    }
  }

  async function fetchBytes(
    key: string,
    options: { range?: readonly [number, number]; ifMatch?: string },
  ): Promise<Uint8Array | undefined> {
    const { range, ifMatch } = options;
    if (range !== undefined && range[0] >= range[1]) return new Uint8Array();
    try {
      const answer = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1] - 1}` }),
          ...(ifMatch === undefined ? {} : { IfMatch: `"${ifMatch}"` }),
        }),
        reading,
      );
      return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (cause) {
      if (statusOf(cause) === 404 && !isNoBucket(cause)) return undefined;
      if (statusOf(cause) === 412) {
        throw new InputChanged(
          `the object is no longer the one that was planned (ETag ${ifMatch}); replay the source to read it anew`,
          { bucket, key },
          { cause },
        );
      }
      if (statusOf(cause) === 416) {
        throw new InputChanged(
          'the object is shorter than it was; it was cut or replaced',
          { bucket, key },
          { cause },
        );
      }
      throw failure('read', cause, { bucket, key });
    }
  }

  async function get(
    key: string,
    options: { range?: readonly [number, number]; ifMatch?: string } = {},
  ): Promise<Uint8Array> {
    const bytes = await fetchBytes(key, options);
    if (bytes === undefined) throw new InputChanged('the object is gone', { bucket, key });
    return bytes;
  }

  async function put(
    key: string,
    body: Uint8Array | string,
    options: PutOptions = {},
  ): Promise<'written' | 'exists'> {
    for (let attempt = 1; ; attempt++) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
            ...(options.ifNoneMatch ? { IfNoneMatch: '*' } : {}),
          }),
          writing,
        );
        return 'written';
      } catch (cause) {
        if (options.ifNoneMatch && statusOf(cause) === 412) return 'exists';
        // 409: another conditional put on this key is under way; S3 asks to send it again.
        if (statusOf(cause) === 409 && attempt < PUT_TRIES) continue;
        throw failure('write', cause, { bucket, key });
      }
    }
  }

  async function write(key: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    let broken: { cause: unknown } | undefined;
    /** The body; what an upload that ends early throws into it is not a failure of its own. */
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const from = body[Symbol.asyncIterator]();
      const next = (): Promise<IteratorResult<Uint8Array>> =>
        from.next().catch((cause: unknown) => {
          broken = { cause };
          throw cause;
        });
      try {
        for (let chunk = await next(); !chunk.done; chunk = await next()) yield chunk.value;
      } finally {
        await from.return?.();
      }
    }
    const upload = new Upload({
      client: sendingWith(client, writing),
      params: { Bucket: bucket, Key: key, Body: Readable.from(parts(chunks()), { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: 2,
    });
    try {
      await upload.done();
    } catch (cause) {
      // What made the bytes failed, not the store: a bug of ours must not be waited for as an outage is.
      if (broken !== undefined) throw broken.cause;
      throw failure('write', cause, { bucket, key });
    }
  }

  async function* list(prefix: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await client
        .send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          reading,
        )
        .catch((cause: unknown) => {
          throw failure('list', cause, { bucket, key: prefix });
        });
      for (const item of page.Contents ?? []) {
        if (item.Key === undefined) continue;
        yield {
          key: item.Key,
          size: item.Size ?? 0,
          etag: unquote(item.ETag),
          modified: item.LastModified?.getTime() ?? 0,
        };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async function* uploads(prefix: string): AsyncGenerator<UnfinishedUpload> {
    let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (marker !== undefined) {
      const page: ListMultipartUploadsCommandOutput = await client
        .send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }), reading)
        .catch((cause: unknown) => {
          throw failure('list the uploads under', cause, { bucket, key: prefix });
        });
      for (const { Key: key, UploadId: id, Initiated: begun } of page.Uploads ?? []) {
        if (key === undefined || id === undefined) continue;
        yield { key, id, begun: begun?.getTime() ?? 0 };
      }
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      marker =
        page.IsTruncated && KeyMarker
          ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) }
          : undefined;
    }
  }

  async function remove(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += REMOVED_AT_ONCE) {
      const some = keys.slice(from, from + REMOVED_AT_ONCE);
      const where = { bucket, key: some[0] ?? '' };
      const { Errors: errors = [] } = await client
        .send(
          new DeleteObjectsCommand({
            Bucket: bucket,
            Delete: { Objects: some.map((Key) => ({ Key })), Quiet: true },
          }),
          writing,
        )
        .catch((cause: unknown) => {
          throw failure('take away', cause, where);
        });
      const [first] = errors.filter(({ Code }) => Code !== 'NoSuchKey');
      if (first === undefined) continue;
      const { Key: key = '', Code: code = '', Message: message = '' } = first;
      const why = `could not take away ${errors.length} objects: ${code}: ${message}`;
      const at = { bucket, key };
      if (code === 'AccessDenied') {
        throw new AccessDenied(`${why}; check the credentials and the bucket's policy`, at);
      }
      throw new StoreUnavailable(why, at);
    }
  }

  async function abort({ key, id }: Pick<UnfinishedUpload, 'key' | 'id'>): Promise<void> {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id }), writing);
    } catch (cause) {
      if (statusOf(cause) !== 404 || isNoBucket(cause))
        throw failure('give up the upload of', cause, { bucket, key });
    }
  }

  return {
    bucket,
    head,
    get,
    find: (key) => fetchBytes(key, {}),
    put,
    write,
    list,
    uploads,
    delete: remove,
    abort,
  };
}

function unquote(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}
