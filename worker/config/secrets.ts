import type { FullConfig } from './schema.ts';

/** A secret that a configuration names: what it is, where it is named, and the variable that holds it. */
export interface Secret {
  path: string[];
  what: string;
  variable: string;
}

/** Every secret that a configuration names. */
export function secretsOf({ lake, endpoints }: FullConfig): Secret[] {
  const found: Secret[] = [];
  function named(path: string[], what: string, variable: string | undefined): void {
    if (variable !== undefined) found.push({ path, what, variable });
  }
  named(['lake', 'accessKeyIdEnv'], "the lake's access key id", lake.accessKeyIdEnv);
  named(['lake', 'secretAccessKeyEnv'], "the lake's secret access key", lake.secretAccessKeyEnv);
  for (const [name, { apiKeyEnv, headersEnv = {} }] of Object.entries(endpoints)) {
    named(['endpoints', name, 'apiKeyEnv'], `the key of endpoint ${name}`, apiKeyEnv);
    for (const [header, variable] of Object.entries(headersEnv)) {
      named(['endpoints', name, 'headersEnv', header], `the header ${header} of endpoint ${name}`, variable);
    }
  }
  return found;
}

/** Whether the environment has it: an empty variable counts as none. */
export const isSet = (variable: string, env: NodeJS.ProcessEnv): boolean => (env[variable] ?? '') !== '';
