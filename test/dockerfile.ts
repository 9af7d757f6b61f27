import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One instruction: its name, its flags and the rest of its line. */
export interface Instruction {
  name: string;
  flags: Record<string, string>;
  text: string;
}

/** The instructions of a Dockerfile in order, continued lines joined, ARGs with a default filled in. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const args: Record<string, string> = {};
  return lines
    .join('\n')
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => {
      const filled = line.replace(/\$\{(\w+)\}/g, (whole, name: string) => args[name] ?? whole);
      const [, name = '', flagText = '', rest = ''] = /^(\w+)\s+((?:--\S+\s+)*)(.*)$/.exec(filled) ?? [];
      if (name === 'ARG') {
        const [key = '', value] = rest.split('=');
        if (value !== undefined) args[key] = value;
      }
      const flags = [...flagText.matchAll(/--([\w-]+)=(\S+)/g)].map(([, key = '', value = '']) => [
        key,
        value,
      ]);
      return { name, flags: Object.fromEntries(flags), text: rest.trim() };
    });
}

/** What an image is besides its files. */
export interface Built {
  /** The last stage's file system, without that of its base. */
  root: string;
  user: string;
  workdir: string;
  env: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
  healthcheck: string[];
}

/**
 * Does what a builder does with a Dockerfile, without a container: each stage is a folder below `scratch` that its absolute
 * paths start from, and RUN works in it with this machine's programs. It knows the instructions that ours has, and fails on others.
 */
export function buildStages(instructions: Instruction[], context: string, scratch: string): Built {
  const stages = new Map<string, string>();
  let built = emptyStage('');
  for (const { name, flags, text } of instructions) {
    const at = (path: string): string => join(built.root, path.startsWith('/') ? '' : built.workdir, path);
    if (name === 'FROM') {
      const stage = / AS (\w+)$/.exec(text)?.[1] ?? `${stages.size}`;
      built = emptyStage(join(scratch, stage));
      mkdirSync(built.root, { recursive: true });
      stages.set(stage, built.root);
    } else if (name === 'WORKDIR') {
      built.workdir = text;
      mkdirSync(at('.'), { recursive: true });
    } else if (name === 'COPY') {
      const sources = text.split(/\s+/);
      const to = at(sources.pop() ?? '');
      const from = flags.from === undefined ? context : stages.get(flags.from);
      if (from === undefined) throw new Error(`COPY from ${flags.from}, which no stage is called`);
      for (const source of sources) copy(join(from, source), to, text.endsWith('/'));
    } else if (name === 'RUN') {
      execFileSync('/bin/sh', ['-c', text], { cwd: at('.'), stdio: ['ignore', 'ignore', 'inherit'] });
    } else if (name === 'ENV') {
      for (const [, key = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g)) built.env[key] = value;
    } else if (name === 'USER') built.user = text;
    else if (name === 'ENTRYPOINT') built.entrypoint = JSON.parse(text) as string[];
    else if (name === 'CMD') built.cmd = JSON.parse(text) as string[];
    else if (name === 'HEALTHCHECK') built.healthcheck = JSON.parse(text.replace(/^.*?CMD /, '')) as string[];
    else if (name !== 'ARG' && name !== 'LABEL') throw new Error(`unknown instruction ${name}`);
  }
  return built;
}

function emptyStage(root: string): Built {
  return { root, user: 'root', workdir: '/', env: {}, entrypoint: [], cmd: [], healthcheck: [] };
}

/** A folder's content goes into the target, a file to it or into it. */
function copy(from: string, to: string, intoFolder: boolean): void {
  const target = statSync(from).isFile() && intoFolder ? join(to, basename(from)) : to;
  cpSync(from, target, { recursive: true, verbatimSymlinks: true });
}

/** The build context: what git knows or would add, and the top-level names that .dockerignore lets through. */
export function buildContext(checkout: string, to: string): void {
  const kept = readFileSync(join(checkout, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...kept];
  const files = execFileSync('git', list, { cwd: checkout, encoding: 'utf8' }).split('\0');
  for (const file of files.filter((each) => each !== '' && existsSync(join(checkout, each)))) {
    cpSync(join(checkout, file), join(to, file));
  }
  if (readdirSync(to).length === 0) throw new Error('.dockerignore lets nothing through');
}
