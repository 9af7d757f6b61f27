import type { Connection } from './connection.ts';

/** A health check does not wait as long as a request that makes tokens. */
const CHECK_MS = 5_000;

/** Whether a server says that it is well: at `/health`, or where it has no such path at `/v1/models`. */
export async function isHealthy(connection: Connection): Promise<boolean> {
  const answer = await connection.ask({ path: '/health', timeoutMs: CHECK_MS });
  if (!('kind' in answer)) return true;
  if (answer.kind !== 'final') return false;
  return !('kind' in (await connection.ask({ path: '/v1/models', timeoutMs: CHECK_MS })));
}
