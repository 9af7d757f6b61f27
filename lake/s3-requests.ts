import { setMaxListeners } from 'node:events';
import type { S3Client } from '@aws-sdk/client-s3';

/** Aborts `ms` after `signal` does. */
export function later(signal: AbortSignal, ms: number): AbortSignal {
  const late = new AbortController();
  const wait = (): void => void setTimeout(() => late.abort(signal.reason), ms).unref();
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait, { once: true });
  setMaxListeners(0, late.signal);
  return late.signal;
}

/** The client as `Upload` uses it, which has no way to hand options on to its requests. */
export function sendingWith(client: S3Client, options: { abortSignal?: AbortSignal }): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]): Promise<unknown> => client.send(command, options);
  return Object.create(client, { send: { value: send } }) as S3Client;
}

/** Gathers small chunks, so that a stream of records does not become a stream of tiny reads. */
export async function* parts(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes >= 2 ** 20) {
      yield Buffer.concat(held);
      held = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(held);
}
