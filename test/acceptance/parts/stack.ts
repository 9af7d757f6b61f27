import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleInstructions, samplePassages } from '../../../client/sample/index.ts';
import { readStack, type StackSettings } from '../../../client/stack/state.ts';
import type { IngestSpec, TagSynthesisSpec } from '../../../workflows/contract.ts';
import { CLI, lake, must, scratch } from '../lib.ts';
import { strangersEnv } from './belongings.ts';

export interface LocalStack {
  /** A scratch folder, in which commands are run; the stack's state is `.instruct-lake` in it. */
  folder: string;
  env: NodeJS.ProcessEnv;
  settings: StackSettings;
  /** The command by which it came up. */
  up: readonly string[];
}

/**
 * Brings a stack up with `up --detach` in a scratch folder; it is taken down when the script ends, however that is.
 * `config` is what `--config` adds to its worker's configuration.
 */
export async function stackUp(name: string, config?: object): Promise<LocalStack> {
  const folder = scratch(name);
  const env = strangersEnv(folder);
  // Before the folder goes, which is done in the same event.
  process.prependListener('exit', () =>
    spawnSync(process.execPath, [CLI, 'down'], { cwd: folder, env, stdio: 'ignore' }),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const command = ['up', '--detach', ...(config === undefined ? [] : ['--config', 'more.yaml'])];
  if (config !== undefined) writeFileSync(join(folder, 'more.yaml'), JSON.stringify(config)); // YAML too.
  const up = await lake(command, { cwd: folder, env });
  if (up.code !== 0) throw new Error(`NOT SO: up --detach exits 0 (${up.code})\n${up.stderr}`);
  const settings = await readStack(join(folder, '.instruct-lake'));
  must(settings !== undefined, `a stack is up after ${up.seconds.toFixed(1)} s`);
  return { folder, env, settings, up: command };
}

/** The README's spec, on the raw objects that `importBiomed` makes. */
export const BIOMED: IngestSpec & { synthesize: TagSynthesisSpec } = {
  domain: 'biomed',
  input: { prefix: 'raw/biomed/', id: 'id', text: 'text', title: 'title' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  tokenizer: 'default',
  sequenceLength: 2048,
  mix: {
    sources: [
      { from: 'augmented', weight: 1 },
      {
        from: 'instructions',
        prefix: 'raw/instructions/',
        question: 'instruction',
        answer: 'response',
        weight: 1,
      },
    ],
  },
};

/** Writes the sample's biomedical passages as two JSONL files, its instructions as one, and puts them into the lake. */
export async function importBiomed({ folder, env }: LocalStack): Promise<{ texts: number }> {
  const data = join(folder, 'data');
  mkdirSync(data);
  const write = (name: string, rows: readonly object[]): void =>
    writeFileSync(join(data, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const passages = samplePassages().filter(({ id }) => id.startsWith('bio-'));
  const half = Math.ceil(passages.length / 2);
  write('passages-1.jsonl', passages.slice(0, half));
  write('passages-2.jsonl', passages.slice(half));
  write('instructions.jsonl', sampleInstructions());
  for (const [to, ...files] of [
    ['raw/biomed/', 'data/passages-1.jsonl', 'data/passages-2.jsonl'],
    ['raw/instructions/', 'data/instructions.jsonl'],
  ] as [string, ...string[]][]) {
    const { code, stderr } = await lake(['import', ...files, '--to', to], { cwd: folder, env });
    if (code !== 0) throw new Error(`NOT SO: import exits 0 (${code})\n${stderr}`);
  }
  must(true, `${passages.length} texts and ${sampleInstructions().length} instructions are imported`);
  return { texts: passages.length };
}
