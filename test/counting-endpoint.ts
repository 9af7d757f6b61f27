import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type EndpointOptions, openEndpoint } from '../client/endpoint/server.ts';

export interface CountingEndpoint {
  url: string;
  /** `X-Request-Id` of every completion that was asked for, in order; a request's hash comes again when it is repeated. */
  asked: string[];
  /** SHA-256 of the bodies that came whole, in order. */
  bodies: string[];
  /** How many of them were answered in full. */
  answered: () => number;
  /** Answers every request with this status from now on; with 200, as ever. */
  refuse: (status: number) => void;
  /** Gone as a server that has crashed, and back at the same address. */
  down: () => Promise<void>;
  up: () => Promise<void>;
  close: () => Promise<void>;
}

/** The embedded endpoint behind a proxy that writes down who asked for what. */
export async function openCountingEndpoint(options: EndpointOptions = {}): Promise<CountingEndpoint> {
  const endpoint = await openEndpoint(options);
  const asked: string[] = [];
  const bodies: string[] = [];
  let answered = 0;
  let refusal = 200;

  function pass(from: IncomingMessage, to: ServerResponse): void {
    if (refusal !== 200) {
      to.writeHead(refusal).end('refused');
      return;
    }
    const completion = from.url === '/v1/completions';
    if (completion) {
      asked.push(String(from.headers['x-request-id']));
      const hash = createHash('sha256');
      from.on('data', (bytes: Buffer) => hash.update(bytes));
      from.on('end', () => bodies.push(hash.digest('hex')));
    }
    const onward = request(`${endpoint.url}${from.url}`, { method: from.method, headers: from.headers });
    onward.on('response', (reply) => {
      to.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(to);
    });
    onward.on('error', () => to.destroy());
    to.on('finish', () => {
      if (completion) answered++;
    });
    to.on('close', () => onward.destroy());
    from.pipe(onward);
  }

  const server = createServer(pass);
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    bodies,
    answered: () => answered,
    refuse(status) {
      refusal = status;
    },
    down,
    up: () => listen(port),
    async close() {
      await down();
      await endpoint.close();
    },
  };
}
