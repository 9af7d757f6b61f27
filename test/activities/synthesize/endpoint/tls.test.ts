import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { EndpointUntrusted, InvalidConfig } from '../../../../lake/errors.ts';
import { listening } from '../../../listening.ts';
import { answer, client, failureOf, open, request } from './servers.ts';

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/tls/${name}`, import.meta.url));

/** A server with a certificate that it has signed itself. */
async function secure(): Promise<string> {
  const key = readFileSync(file('key.pem'));
  const server = createServer({ key, cert: readFileSync(file('cert.pem')) }, (_, response) =>
    answer(response),
  );
  const { url, down } = await listening(server, 'https');
  open.push(down);
  return url;
}
afterEach(() => {
  vi.unstubAllEnvs();
});

test('a certificate that nobody vouches for is refused, whatever the environment says', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const failure = await failureOf(client(await secure()).complete(request));
  expect(failure).toBeInstanceOf(EndpointUntrusted);
  expect(failure.message).toMatch(/does not verify \(DEPTH_ZERO_SELF_SIGNED_CERT\).*"ca"/);
});
test('an authority that the configuration names is trusted, for the names in its certificates', async () => {
  const url = await secure();
  expect((await client(url, { ca: file('cert.pem') }).complete(request)).text).toBe('x');
});
test('a file of authorities that cannot be read is said when the client is opened', () => {
  expect(() => client('https://127.0.0.1:9', { ca: '/nowhere/ca.pem' })).toThrow(InvalidConfig);
});
