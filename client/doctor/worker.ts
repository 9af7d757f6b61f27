import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type {
  EndpointSettings,
  LauncherSettings,
  Settings,
  TokenizerSettings,
} from '../../activities/settings.ts';
import { openEndpointClient } from '../../activities/synthesize/endpoint/client.ts';
import { promptTokenizer } from '../../activities/synthesize/prompt-tokenizer.ts';
import { openTokenizer } from '../../activities/tokenize/tokenizer.ts';
import { trainerEnv } from '../../activities/train/command-env.ts';
import { EndpointUnauthorized, InvalidConfig, ModelNotFound } from '../../lake/errors.ts';
import type { S3Settings } from '../../lake/s3.ts';
import { readConfig } from '../../worker/config.ts';
import { type Finding, look } from './finding.ts';
import { lookAtStore, originOf } from './store.ts';

/** A doctor does not wait as long for an answer as a run does. */
const ANSWER_MS = 10_000;

/**
 * Looks at everything that a worker's configuration names. `lake` is the one looked at already; another one is looked at
 * here with the worker's own keys.
 */
export async function lookAtWorker(
  file: string,
  env: NodeJS.ProcessEnv,
  lake: S3Settings | undefined,
  found: (finding: Finding) => void,
): Promise<void> {
  let settings: Settings | undefined;
  found(
    await look(
      'Worker configuration',
      'mend the file (docs describe it), or set the variables it names',
      async () => {
        settings = await readConfig(file, env);
        const names = (what: string, entries: object): string =>
          `${what} ${Object.keys(entries).join(', ') || 'none'}`;
        const { endpoints, tokenizers, launchers } = settings;
        for (const name of Object.keys(endpoints)) await promptTokenizer(settings, name);
        return `${file}: ${names('endpoints', endpoints)}; ${names('tokenizers', tokenizers)}; ${names('launchers', launchers)}`;
      },
    ),
  );
  if (settings === undefined) return;
  if (lake?.bucket !== settings.lake.bucket || lake.endpoint !== settings.lake.endpoint) {
    await lookAtStore(settings.lake, ' of the worker', found);
  }
  for (const [name, each] of Object.entries(settings.endpoints)) found(await lookAtEndpoint(name, each));
  for (const [name, each] of Object.entries(settings.tokenizers)) found(await lookAtTokenizer(name, each));
  for (const [name, each] of Object.entries(settings.launchers)) found(await lookAtLauncher(name, each, env));
}

/** Asks an endpoint for its models, with the worker's key. */
export function lookAtEndpoint(name: string, settings: EndpointSettings): Promise<Finding> {
  const where = settings.urls.map(originOf).join(', ');
  return look(
    `Endpoint ${name}`,
    (error) => {
      if (error instanceof EndpointUnauthorized)
        return 'name the variable with its key as "apiKeyEnv" and set it where the worker runs';
      if (error instanceof ModelNotFound) return 'write the id of a model that it serves as "model"';
      return `start the server at ${where}, or mend "url"; it must answer GET /v1/models`;
    },
    async () => {
      const client = openEndpointClient(name, {
        ...settings,
        timeoutMs: Math.min(settings.timeoutMs, ANSWER_MS),
      });
      try {
        const key = settings.apiKey === undefined ? 'no key' : 'with its key';
        return `${where} serves ${await client.model()} (${key})`;
      } finally {
        await client.close();
      }
    },
  );
}

/** Loads a tokenizer the way a run does, and tokenizes with it. */
export function lookAtTokenizer(name: string, settings: TokenizerSettings): Promise<Finding> {
  return look(
    `Tokenizer ${name}`,
    'give "file" the path of a tokenizer.json, and "bos" and "eos" tokens that are in it',
    async () => {
      const { highestId, bos, eos, sha256, refusal, encodeBatch } = await openTokenizer(settings);
      const [encoded] = await encodeBatch(['The quick brown fox.']);
      if (!encoded?.ids.length)
        throw new InvalidConfig(`the tokenizer ${settings.file} gives no tokens for a text`);
      const way = refusal === undefined ? 'the fast way' : `the slow way: ${refusal.detail}`;
      return `${settings.file} (${sha256.slice(0, 12)}), ids to ${highestId}, bos ${bos ?? 'none'}, eos ${eos}, ${way}`;
    },
  );
}

/** Looks for a launcher's program where the job would, and whether its folder can be written. */
export function lookAtLauncher(
  name: string,
  { command, directory, env: configured }: LauncherSettings,
  env: NodeJS.ProcessEnv,
): Promise<Finding> {
  return look(
    `Launcher ${name}`,
    'install the program or write its full path in "command", and give "directory" a folder that the worker may write',
    async () => {
      const [program = ''] = command;
      const found = await findProgram(program, trainerEnv(env, configured).PATH ?? '');
      if (found === undefined) {
        throw new InvalidConfig(`there is no program ${JSON.stringify(program)} that can be run`);
      }
      await access(await nearestFolder(directory), constants.W_OK | constants.X_OK).catch(
        (cause: unknown) => {
          throw new InvalidConfig(`the folder ${directory} cannot be written`, {}, { cause });
        },
      );
      return `${found}, jobs in ${directory}`;
    },
  );
}

/** The file that a program's name means: as it is when it has a slash, else the first on the path. */
async function findProgram(program: string, path: string): Promise<string | undefined> {
  if (program === '') return undefined;
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(program)]
    : path
        .split(delimiter)
        .filter((folder) => folder !== '')
        .map((folder) => join(folder, program));
  for (const place of places) {
    const runs = await access(place, constants.X_OK)
      .then(async () => (await stat(place)).isFile())
      .catch(() => false);
    if (runs) return place;
  }
  return undefined;
}

/** The folder, or where it is not there yet the one above it in which it would be made. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const there = await stat(at).catch(() => undefined);
    if (there?.isDirectory()) return at;
    if (there !== undefined || dirname(at) === at) throw new InvalidConfig(`${at} is no folder`);
  }
}
