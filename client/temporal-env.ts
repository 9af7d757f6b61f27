import { existsSync } from 'node:fs';
import { BadUsage } from '../lake/errors.ts';

/** Options of `Connection.connect` and of `NativeConnection.connect`. */
export interface TemporalConnection {
  address: string;
  tls?: object | boolean;
  apiKey?: string;
  metadata?: Record<string, string>;
}

/** Variables by which Temporal's tools are told where to connect; one that is set chooses the server. */
const CHOOSING = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
];
const SWITCHES = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'];

/** The first variable that says where Temporal is; undefined when none does. */
export const temporalChosenBy = (env: NodeJS.ProcessEnv): string | undefined =>
  CHOOSING.find((name) => isSet(env, name)) ??
  Object.keys(env).find((name) => name.startsWith('TEMPORAL_TLS_') && isSet(env, name));

/**
 * The connection that Temporal's environment configuration describes: TEMPORAL_… variables over the profile of its TOML
 * file. `address` stands for the one in the environment. An API key implies TLS. What is set by halves is refused,
 * since the SDK would connect without it: throws BadUsage, in which no secret is quoted.
 */
export async function temporalFromEnv(
  env: NodeJS.ProcessEnv,
  address?: string,
): Promise<{ connection: TemporalConnection; namespace: string | undefined }> {
  const variables = checkedVariables(env);
  const { loadClientConfigProfile, toClientOptions } = await import('@temporalio/envconfig');
  const load = <T>(what: () => T): T => {
    try {
      return what();
    } catch (cause) {
      // A parser's message goes on with the lines around the mistake, and a key may stand there.
      const [why = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
      throw new BadUsage(`Temporal's environment configuration: ${why.trim()}`);
    }
  };
  const profile = load(() => loadClientConfigProfile({ overrideEnvVars: variables }));
  const { tls, apiKey } = profile;
  if ((tls?.clientCert === undefined) !== (tls?.clientKey === undefined)) {
    const [there, missing] = tls?.clientCert === undefined ? ['key', 'CERT'] : ['certificate', 'KEY'];
    throw new BadUsage(
      `Temporal is given the client's ${there} without its other half; set TEMPORAL_TLS_CLIENT_${missing}_PATH or TEMPORAL_TLS_CLIENT_${missing}_DATA`,
    );
  }
  if (tls?.disabled === true && apiKey !== undefined) {
    throw new BadUsage(
      'TLS is switched off and an API key is set, which would cross the network in the clear; leave out TEMPORAL_TLS or TEMPORAL_API_KEY',
    );
  }
  const to = address ?? profile.address;
  if (to === undefined && (tls !== undefined || apiKey !== undefined)) {
    throw new BadUsage('Temporal is given a key or TLS, and no address; set TEMPORAL_ADDRESS');
  }
  const { connectionOptions, namespace } = load(() => toClientOptions(profile));
  return {
    connection: {
      address: to ?? '127.0.0.1:7233',
      ...(connectionOptions.tls === undefined || connectionOptions.tls === null
        ? {}
        : { tls: connectionOptions.tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(profile.grpcMeta === undefined ? {} : { metadata: profile.grpcMeta }),
    },
    namespace,
  };
}

/** What is set, without empty values: manifests pass those for what nobody filled in. Throws BadUsage. */
function checkedVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  for (const name of SWITCHES) {
    const value = env[name] ?? '';
    if (!['', 'true', 'false', '1', '0'].includes(value)) {
      throw new BadUsage(`${name} is ${JSON.stringify(value)}; it takes true or false`);
    }
  }
  if (['true', '1'].includes(env.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION ?? '')) {
    throw new BadUsage(
      "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is not supported; name the server's authority with TEMPORAL_TLS_SERVER_CA_CERT_PATH and its name with TEMPORAL_TLS_SERVER_NAME",
    );
  }
  const file = env.TEMPORAL_CONFIG_FILE ?? '';
  if (file !== '' && !existsSync(file)) {
    throw new BadUsage(`TEMPORAL_CONFIG_FILE names ${file}, which is not there`);
  }
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (entry[1] !== '' || entry[0].startsWith('TEMPORAL_GRPC_META_')),
    ),
  );
}

function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return env[name] !== undefined && env[name] !== '';
}
