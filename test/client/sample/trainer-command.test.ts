import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Tokenizer } from 'tokenizers';
import { afterAll, describe, expect, it } from 'vitest';
import {
  sampleInstructions,
  samplePassages,
  sampleTokenizerPath,
  sampleTrainerPath,
} from '../../../client/sample/index.ts';
import type { Metric } from '../../../client/sample/trainer/train.ts';
import { writeShard } from './shards.ts';

const folder = mkdtempSync(join(tmpdir(), 'trainer-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', sampleTrainerPath(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, ended };
}

async function run(...args: string[]) {
  const { child, ended } = start(...args);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, code };
}

function list(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

describe('the trainer command', { timeout: 30_000 }, () => {
  it('learns the sample from shards, and says how its held-out loss falls', async () => {
    const tokenizer = Tokenizer.fromFile(sampleTokenizerPath());
    const texts = [
      ...samplePassages().map(({ title, text }) => `${title}\n\n${text}`),
      ...sampleInstructions().map(({ instruction, response }) => `${instruction} ${response}`),
    ];
    // 37 and 100 have no common factor: every text once, the two kinds mixed as a shard mixes them.
    const mixed = texts.map((_, i) => texts[(i * 37) % texts.length] ?? '');
    const docs = await Promise.all(mixed.map(async (t) => [...(await tokenizer.encode(t)).getIds(), 1]));
    const shards = [
      writeShard(
        folder,
        'a',
        docs.filter((_, i) => i % 2 === 0),
      ),
      writeShard(
        folder,
        'b',
        docs.filter((_, i) => i % 2 === 1),
      ),
    ];
    const output = join(folder, 'out', 'model');
    const { stdout, stderr, code } = await run(
      ...['--shards', list('sample.json', { shards, vocabSize: 4096, eod: 1 }), '--output', output],
    );
    expect([stderr, code]).toEqual(['', 0]);
    const lines = readFileSync(join(output, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const metrics = lines.map((line) => JSON.parse(line) as Metric);
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(10);
    const losses = [Math.log(4096), ...metrics.map(({ heldOutLoss }) => heldOutLoss)];
    for (const [i, loss] of losses.slice(1).entries()) expect(loss).toBeLessThan(losses[i] ?? 0);
    expect(losses.at(-1)).toBeLessThan(7);
    const model = JSON.parse(readFileSync(join(output, 'model.json'), 'utf8')) as Record<string, unknown>;
    expect(model.documents).toBe(100);
    expect(model.heldOutLoss).toBe(losses.at(-1));
    const total = docs.reduce((sum, ids) => sum + ids.length, 0);
    expect(Number(model.trainTokens) + Number(model.heldOutTokens)).toBe(total);
  });

  it('says what is wrong, and exits with 1', async () => {
    const shard = writeShard(folder, 'c', [[1], [2], [9]]);
    const cases: [string, RegExp][] = [
      [join(folder, 'nowhere.json'), /nowhere\.json cannot be read: ENOENT/],
      [
        list('gone.json', { shards: [{ ...shard, idx: 'gone.idx' }], vocabSize: 9 }),
        /gone\.idx cannot be read/,
      ],
      [
        list('swapped.json', { shards: [{ bin: 'c.idx', idx: 'c.bin' }], vocabSize: 9 }),
        /not a Megatron index/,
      ],
      [list('vocabulary.json', { shards: [shard], vocabSize: 8 }), /id 9, outside a vocabulary of 8/],
    ];
    const results = await Promise.all(cases.map(([path]) => run('--shards', path, '--output', folder)));
    for (const [i, { code, stderr, stdout }] of results.entries()) {
      expect(stderr).toMatch(cases[i]?.[1] ?? /^$/);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect([code, stdout]).toEqual([1, '']);
    }
  });

  it('shows its usage and exits with 2 when it is called wrongly', async () => {
    for (const args of [
      ['--shards', 'x'],
      ['--shards', 'x', '--output', 'y', '--steps', '0'],
    ]) {
      const { code, stderr } = await run(...args);
      expect(stderr).toContain('Usage: ');
      expect(code).toBe(2);
    }
  });

  it('ends with 143 on SIGTERM while it works, its metrics readable', async () => {
    const docs = Array.from({ length: 4000 }, (_, d) =>
      Array.from({ length: 400 }, (_, i) => (d * i + d) % 997),
    );
    const output = join(folder, 'stopped');
    const shards = [writeShard(folder, 'e', docs)];
    const { child, ended } = start(
      ...['--shards', list('long.json', { shards, vocabSize: 1000 }), '--output', output, '--steps', '4000'],
    );
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    const lines = readFileSync(join(output, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    expect((JSON.parse(lines.at(-1) ?? '') as Metric).step).toBe(lines.length);
    expect(existsSync(join(output, 'model.json'))).toBe(false);
  });
});
