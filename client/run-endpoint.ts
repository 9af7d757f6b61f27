import { BadUsage } from '../lake/errors.ts';
import { openEndpoint } from './endpoint/server.ts';
import { serviceExit, watchLifetime } from './stack/lifetime.ts';

/** Serves the embedded endpoint until a signal; the exit code. */
export async function runEndpoint(
  options: { host: string; port: number; apiKeyEnv?: string; delayMs: number },
  report: (line: string) => void,
): Promise<number> {
  const { host, port, apiKeyEnv, delayMs } = options;
  const apiKey = apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv];
  if (apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    throw new BadUsage(`the environment variable ${apiKeyEnv} is not set`);
  }
  if (!(port >= 0 && port < 65_536) || !(delayMs >= 0))
    throw new BadUsage('--port and --delay-ms take whole numbers');
  const life = watchLifetime();
  try {
    const endpoint = await openEndpoint({
      host,
      port,
      delayMs,
      ...(apiKey === undefined ? {} : { apiKey }),
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new BadUsage(
        `the endpoint cannot listen on ${host}:${port} (${cause.code}); take another --port`,
        {},
        { cause },
      );
    });
    report(`The embedded endpoint listens on ${endpoint.url}. Its answers are mined by rules: a smoke test.`);
    const ending = await life.ended;
    await endpoint.close();
    return serviceExit(ending);
  } finally {
    life.release();
  }
}
