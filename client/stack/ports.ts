import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { readJson, writePrivateJson } from './files.ts';

export const HOST = '127.0.0.1';

/** Where the parts of a local stack like to listen. */
export const PREFERRED = { temporal: 7233, ui: 8233, s3: 7480, endpoint: 8399 } as const;
export type PortName = keyof typeof PREFERRED;
export type Ports = Record<PortName, number>;

const fileOf = (state: string): string => join(state, 'ports.json');

/**
 * A free port for each part: the one of last time (addresses in a user's other windows stay good), else the preferred one, else any.
 * `random` skips the preferred ones. What was chosen is kept in the state folder.
 */
export async function choosePorts(state: string, choice: 'preferred' | 'random'): Promise<Ports> {
  const before = readJson(fileOf(state)) ?? {};
  const chosen: Ports = { ...PREFERRED };
  const taken = new Set<number>();
  for (const name of Object.keys(PREFERRED) as PortName[]) {
    const last = before[name];
    const wanted = [last, choice === 'preferred' ? PREFERRED[name] : undefined];
    chosen[name] = await firstFree(wanted.filter((port) => typeof port === 'number' && !taken.has(port)));
    taken.add(chosen[name]);
  }
  writePrivateJson(fileOf(state), chosen);
  return chosen;
}

/** Forgets last time's ports, for when one of them turned out not to be free after all. */
export function forgetPorts(state: string): void {
  writePrivateJson(fileOf(state), {});
}

/** Whether somebody listens at `host:port`. */
export async function answers(address: string, within = 1_000): Promise<boolean> {
  const cut = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, cut), port: Number(address.slice(cut + 1)) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(within) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function firstFree(wanted: readonly unknown[]): Promise<number> {
  for (const port of [...wanted, 0]) {
    const got = await tryListen(Number(port));
    if (got !== undefined) return got;
  }
  throw new Error('no free port'); // Port 0 is always given.
}

async function tryListen(port: number): Promise<number | undefined> {
  // A listener on all addresses does not keep others from binding to one of them everywhere: ask it as well.
  if (port !== 0 && (await answers(`${HOST}:${port}`))) return undefined;
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
