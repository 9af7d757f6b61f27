import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveTarget } from '../../client/target.ts';
import { temporalFromEnv } from '../../client/temporal-env.ts';
import { BadUsage } from '../../lake/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-env-'));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ADDRESS = { TEMPORAL_ADDRESS: 'cloud.example:7233' };

test('an API key implies TLS, and metadata goes with it', async () => {
  const env = {
    ...ADDRESS,
    TEMPORAL_API_KEY: 'k',
    TEMPORAL_NAMESPACE: 'ml',
    TEMPORAL_GRPC_META_TEAM: 'lake',
  };
  expect(await temporalFromEnv(env)).toEqual({
    connection: {
      address: 'cloud.example:7233',
      tls: true,
      apiKey: 'k',
      metadata: { team: 'lake' },
    },
    namespace: 'ml',
  });
});
test('certificate and key are read from files and from data', async () => {
  const { connection } = await temporalFromEnv({
    ...ADDRESS,
    TEMPORAL_TLS_CLIENT_CERT_PATH: file('cert.pem', 'a certificate'),
    TEMPORAL_TLS_CLIENT_KEY_DATA: 'a key',
  });
  expect(connection.tls).toMatchObject({
    clientCertPair: { crt: bytes('a certificate'), key: bytes('a key') },
  });
});
test('variables come over the profile, and a profile is chosen by name', async () => {
  const path = file(
    'both.toml',
    '[profile.default]\naddress = "a:1"\n[profile.prod]\naddress = "b:2"\nnamespace = "from-file"\napi_key = "k"\n',
  );
  const env = { TEMPORAL_CONFIG_FILE: path };
  expect((await temporalFromEnv(env)).connection).toEqual({ address: 'a:1' });
  expect(await temporalFromEnv({ ...env, TEMPORAL_PROFILE: 'prod', TEMPORAL_NAMESPACE: 'mine' })).toEqual({
    connection: { address: 'b:2', tls: true, apiKey: 'k' },
    namespace: 'mine',
  });
});
test("a flag replaces its own part of the environment, as in Temporal's CLI", async () => {
  const env = { ...ADDRESS, TEMPORAL_API_KEY: 'k', TEMPORAL_NAMESPACE: 'ml' };
  expect(await resolveTarget({ address: 'other:7233' }, env)).toMatchObject({
    connection: { address: 'other:7233', tls: true, apiKey: 'k' },
    namespace: 'ml',
  });
  expect((await resolveTarget({ address: 'other:7233', namespace: 'flag' }, env)).namespace).toBe('flag');
});
test('variables that are set to nothing count as not set', async () => {
  const nothing = { TEMPORAL_API_KEY: '', TEMPORAL_TLS: '', TEMPORAL_PROFILE: '', TEMPORAL_CONFIG_FILE: '' };
  expect(await temporalFromEnv({ ...ADDRESS, ...nothing })).toEqual({
    connection: { address: 'cloud.example:7233' },
    namespace: undefined,
  });
});
test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  ['a certificate without its key', { TEMPORAL_TLS_CLIENT_CERT_DATA: 'secret' }, /CLIENT_KEY_PATH/],
  ['a key without its certificate', { TEMPORAL_TLS_CLIENT_KEY_DATA: 'secret' }, /CLIENT_CERT_PATH/],
  [
    'path and data at once',
    { TEMPORAL_TLS_CLIENT_KEY_DATA: 'secret', TEMPORAL_TLS_CLIENT_KEY_PATH: '/k' },
    /both client_key/,
  ],
  ['a file that is not there', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/no/such/ca.pem' }, /no\/such\/ca\.pem/],
  ['a key without TLS', { TEMPORAL_TLS: 'false', TEMPORAL_API_KEY: 'secret' }, /in the clear/],
  ['a switch that is neither', { TEMPORAL_TLS: 'yes' }, /TEMPORAL_TLS is "yes"/],
  [
    'no verification of the host',
    { TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' },
    /not supported.*SERVER_CA_CERT_PATH/,
  ],
  ['a profile that is not there', { TEMPORAL_PROFILE: 'prod' }, /'prod' not found/],
  ['a configuration that is not there', { TEMPORAL_CONFIG_FILE: '/no/such.toml' }, /no\/such\.toml/],
  ['a key without an address', { TEMPORAL_ADDRESS: '', TEMPORAL_API_KEY: 'secret' }, /set TEMPORAL_ADDRESS/],
  ['TLS without an address', { TEMPORAL_ADDRESS: '', TEMPORAL_TLS: 'true' }, /set TEMPORAL_ADDRESS/],
  [
    'a file that is not TOML',
    { TEMPORAL_CONFIG_FILE: file('wrong.toml', '[profile.default]\napi_key = "secret\n') },
    /TOML/,
  ],
])('%s is refused, and no secret is quoted', async (_, env, message) => {
  const refused = await resolveTarget({}, { XDG_CONFIG_HOME: folder, ...ADDRESS, ...env }).catch(
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(BadUsage);
  expect((refused as Error).message).toMatch(message);
  expect((refused as Error).message).not.toContain('secret');
});
