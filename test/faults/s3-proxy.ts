import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { S3Settings } from '../../lake/s3.ts';
import { listening } from '../listening.ts';

/** A request to the store, as far as faults are told apart by. */
export interface StoreRequest {
  method: string;
  key: string;
  /** Whether it asks for If-None-Match: *. */
  conditional: boolean;
  /** The step of a multipart upload that it is, if any. */
  upload: 'create' | 'part' | 'complete' | 'abort' | undefined;
}
/** What becomes of it: it goes on, its connection breaks, or it is answered with this status (and code) in the store's stead. */
export type Fate = 'on' | 'cut' | { status: number; code: string };

export interface Faults {
  /** Asked when a request has come and nothing of it has gone on. Its sender waits meanwhile. */
  before?: (request: StoreRequest) => Fate | Promise<Fate>;
  /** Asked when the store has done a write and its sender does not know yet. */
  after?: (request: StoreRequest, status: number) => Fate | Promise<Fate>;
}
export interface S3Proxy {
  /** The store's own settings, with the proxy's address. */
  settings: Required<S3Settings>;
  close: () => Promise<void>;
}

/** Whether a request changes the store. */
export const isWrite = ({ method }: StoreRequest): boolean => method !== 'GET' && method !== 'HEAD';

/**
 * A proxy in front of an S3 server. Requests go on byte by byte, their Host header as sent, so that signatures hold;
 * bodies are streamed. Faults are decided per request; without any, nothing is changed.
 */
export async function openS3Proxy(target: Required<S3Settings>, faults: Faults): Promise<S3Proxy> {
  const { hostname, port } = new URL(target.endpoint);

  async function pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const told = tell(from);
    const fate = (await faults.before?.(told)) ?? 'on';
    if (fate !== 'on') return answer(fate, from, to);
    const onward = request({ hostname, port, method: from.method, path: from.url, headers: from.rawHeaders });
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      onward.on('response', resolve).on('error', reject);
      from.on('error', reject);
      from.pipe(onward);
    });
    if (!isWrite(told)) {
      to.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(to);
      to.on('close', () => reply.destroy());
      return;
    }
    const body = await buffer(reply);
    const after = (await faults.after?.(told, reply.statusCode ?? 0)) ?? 'on';
    if (after !== 'on') return answer(after, from, to);
    to.writeHead(reply.statusCode ?? 502, reply.rawHeaders).end(body);
  }

  const server = createServer((from, to) => {
    // A sender that is killed in the middle leaves an error here; that is what the proxy is for.
    to.on('error', () => {});
    pass(from, to).catch(() => from.socket.destroy());
  });
  server.requestTimeout = 0;
  const { url, down } = await listening(server);
  return { settings: { ...target, endpoint: url }, close: down };
}

function answer(fate: Exclude<Fate, 'on'>, from: IncomingMessage, to: ServerResponse): void {
  if (fate === 'cut') {
    from.socket.destroy();
    return;
  }
  const { status, code } = fate;
  from.resume();
  to.writeHead(status, { 'content-type': 'application/xml' }).end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  );
}

function tell({ method = '', url = '', headers }: IncomingMessage): StoreRequest {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const uploadId = searchParams.has('uploadId');
  const upload = searchParams.has('uploads')
    ? 'create'
    : !uploadId
      ? undefined
      : method === 'PUT'
        ? 'part'
        : method === 'POST'
          ? 'complete'
          : 'abort';
  const key = decodeURIComponent(pathname).split('/').slice(2).join('/');
  return { method, key, conditional: headers['if-none-match'] === '*', upload };
}
