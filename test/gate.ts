import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { listening } from './listening.ts';

/** A request that passes: its method and the key it is about; the rest of a listing's or an upload's query is left out. */
export interface Passing {
  method: string;
  key: string;
  /** What the store answered, once it has. */
  status?: number;
}
export interface Gate {
  url: string;
  /** All that came, in order. */
  passed: Passing[];
  /** Requests that the store has not answered in full yet. */
  underWay: () => number;
  /** Awaited before a request goes on to the store. */
  before: (passing: Passing) => Promise<void> | void;
  /** Awaited when the store has answered, before its answer goes back. */
  after: (passing: Passing) => Promise<void> | void;
  close: () => Promise<void>;
}

/** A proxy before an S3 server (path style) that writes down who asked for what, and can be told to hold it up. */
export async function openGate(upstream: string): Promise<Gate> {
  const passed: Passing[] = [];
  let underWay = 0;

  async function pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const path = decodeURIComponent((from.url ?? '').split('?')[0] ?? '');
    const passing: Passing = { method: from.method ?? '', key: path.split('/').slice(2).join('/') };
    passed.push(passing);
    underWay++;
    to.on('close', () => underWay--);
    await gate.before(passing);
    // Our own server has answered `Expect: 100-continue` already; the signature does not cover it.
    const { expect: _, ...headers } = from.headers;
    const onward = request(`${upstream}${from.url}`, { method: from.method, headers });
    onward.on('response', async (reply) => {
      passing.status = reply.statusCode ?? 0;
      await gate.after(passing);
      to.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(to);
    });
    onward.on('error', () => to.destroy());
    to.on('close', () => onward.destroy());
    if (to.destroyed) onward.destroy();
    else from.pipe(onward);
  }

  const server = createServer((from, to) => void pass(from, to));
  const { url, down } = await listening(server);
  const gate: Gate = {
    url,
    passed,
    underWay: () => underWay,
    before: () => {},
    after: () => {},
    close: down,
  };
  return gate;
}
