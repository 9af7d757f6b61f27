import { createServer, type Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';

/** A server at a port of its own on this machine. */
export interface Listening {
  port: number;
  /** Base address, without a path. */
  url: string;
  /** Gone as a server that has crashed: nobody listens, and open connections are ended. */
  down(): Promise<void>;
  /** Back at the same address. */
  up(): Promise<void>;
}

/** Lets a server listen. */
export async function listening(server: Server | SecureServer, scheme = 'http'): Promise<Listening> {
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const { port } = address;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    down: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    up: () => listen(port),
  };
}

/** A port that nobody listens at now. */
export async function freePort(): Promise<number> {
  const { port, down } = await listening(createServer());
  await down();
  return port;
}
