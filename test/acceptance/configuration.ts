// tier: ci — a worker's configuration is documented by the command itself, checked at every depth, overridden by the environment, printed without secrets; roles in it are those the worker takes
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { localEnv } from '../../client/local-config.ts';
import type { Value } from '../../worker/config/values.ts';
import type { WorkerConfig } from '../../worker/config.ts';
import { QUEUES, type Role } from '../../workflows/contract.ts';
import { CLI, type Finished, lake, must, start, until } from './lib.ts';
import { stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

const SECONDS = 60;
const SECRET = 'a-secret-that-nobody-prints';

const stack = await stackUp('configuration');
const { folder, settings } = stack;
const env = { ...stack.env, ...localEnv(settings), GPU_KEY: SECRET };

await documented();
await refused();
await printed();
await onLocalStack();
await roles();

async function documented(): Promise<void> {
  const { code, stdout } = await config('print', '--defaults');
  writeFileSync(join(folder, 'worker.yaml'), stdout);
  const check = await config('check', '--config', 'worker.yaml');
  must(
    code === 0 && check.code === 0,
    'what config print --defaults prints is a configuration that config check takes',
  );
  const schema = JSON.parse((await config('schema')).stdout) as { properties: object };
  const keys = Object.keys(parse(stdout) as object);
  must(
    keys.every((key) => key in schema.properties),
    `config schema has its keys: ${Object.keys(schema.properties).join(', ')}`,
  );
}

async function refused(): Promise<void> {
  const endpoint = { url: 'http://a', concurency: 3, prices: { cashed: 1 } };
  file('wrong.yaml', { lake: { bucket: 'lake' }, endpoints: { default: endpoint }, thread: 3 });
  const wrong = await config('check', '--config', 'wrong.yaml');
  const says = ['did you mean "concurrency"', 'did you mean "cached"', 'did you mean "threads"'];
  must(
    wrong.code === 1 && says.every((each) => wrong.stderr.includes(each)),
    'unknown keys are refused all at once, at any depth, with the nearest name',
  );
  const variable = await config('check', '--config', 'worker.yaml', { INSTRUCT_LAKE__LAKE__REGOIN: 'x' });
  must(
    variable.code === 1 && variable.stderr.includes('the nearest is INSTRUCT_LAKE__LAKE__REGION'),
    'so is a variable that is no key',
  );
}

async function printed(): Promise<void> {
  const endpoint = { url: 'http://a', apiKeyEnv: 'GPU_KEY' };
  const launcher = { kind: 'command', command: ['train'], directory: 'jobs', env: { TOKEN: SECRET } };
  file('own.yaml', {
    lake: { bucket: 'lake' },
    endpoints: { 'gpu-a': endpoint },
    launchers: { default: launcher },
  });
  const override = { INSTRUCT_LAKE__ENDPOINTS__GPU_A__CONCURRENCY: '64' };
  const text = await config('print', '--config', 'own.yaml', override);
  const json = await config('print', '--config', 'own.yaml', '--json', override);
  const { values } = JSON.parse(json.stdout) as { values: Value[] };
  const at = (path: string): Value | undefined => values.find((each) => each.path.join('.') === path);
  must(
    at('endpoints.gpu-a.concurrency')?.value === 64 &&
      at('endpoints.gpu-a.concurrency')?.variable === 'INSTRUCT_LAKE__ENDPOINTS__GPU_A__CONCURRENCY' &&
      at('endpoints.gpu-a.url')?.from === 'file' &&
      at('endpoints.gpu-a.window')?.from === 'default',
    'config print says of each value whether the environment, the file or a default gave it',
  );
  must(
    at('endpoints.gpu-a.apiKeyEnv')?.secrets?.GPU_KEY === true &&
      !`${text.stdout}${text.stderr}${json.stdout}${json.stderr}`.includes(SECRET),
    'of a secret it says that its variable is set, and no more',
  );
  must(parse(text.stdout) !== null, 'what it prints is YAML');
}

async function onLocalStack(): Promise<void> {
  const own = await config('print');
  must(
    own.code === 0 && own.stdout.includes('bucket: lake'),
    'without --config it is that of the local stack',
  );
  const elsewhere = { ...env, INSTRUCT_LAKE__LAKE__ENDPOINT: 'https://s3.example' };
  const worker = await lake(['worker'], { cwd: folder, env: elsewhere, timeout: SECONDS * 1000 });
  must(
    worker.code === 1 && worker.stderr.includes('a local stack has its own'),
    'a variable cannot give a worker of the local stack another lake',
  );
}

async function roles(): Promise<void> {
  const temporal = await temporalCli(settings.temporal, { cwd: folder, env });
  const local = parse(readFileSync(join(folder, '.instruct-lake', 'worker.yaml'), 'utf8')) as WorkerConfig;
  file('io.yaml', { ...local, roles: ['io', 'train'] });
  for (const [what, flags, variables, wanted] of [
    ['in the file', [], {}, ['io', 'train']],
    ['in the environment', [], { INSTRUCT_LAKE__ROLES: '[gpu]' }, ['gpu']],
    ['by a flag', ['--role', 'cpu'], { INSTRUCT_LAKE__ROLES: '[gpu]' }, ['cpu']],
  ] as [string, string[], Record<string, string>, Role[]][]) {
    const args = ['worker', '--config', 'io.yaml', '--address', settings.temporal, ...flags];
    const worker = start(process.execPath, [CLI, ...args], { cwd: folder, env: { ...env, ...variables } });
    const polls = async (role: Role): Promise<boolean> => {
      const { stdout } = await temporal.run('task-queue', 'describe', '--task-queue', QUEUES[role]);
      return new RegExp(`\\s${worker.pid}@`).test(stdout);
    };
    for (const role of wanted) {
      await until(`a worker with role ${role}`, SECONDS, async () => {
        if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`);
        return (await polls(role)) || undefined;
      });
    }
    const others: Role[] = [];
    for (const role of Object.keys(QUEUES) as Role[]) {
      if (!wanted.includes(role) && (await polls(role))) others.push(role);
    }
    must(others.length === 0, `roles ${what}: the worker takes ${wanted.join(' and ')} alone`);
    worker.kill('SIGTERM');
  }
}

/** `config …`; what stands last may be variables of its environment. */
function config(...args: (string | Record<string, string>)[]): Promise<Finished> {
  const words = args.filter((each) => typeof each === 'string');
  const more = args.find((each) => typeof each !== 'string') ?? {};
  return lake(['config', ...words], { cwd: folder, env: { ...env, ...more } });
}

function file(name: string, value: object): void {
  writeFileSync(join(folder, name), stringify(value));
}
