import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { doctorCommand } from '../../client/commands/doctor.ts';
import { dropsCommand } from '../../client/commands/drops.ts';
import { ledgerCommand } from '../../client/commands/ledger.ts';
import { specCommand } from '../../client/commands/spec.ts';
import { statusCommand } from '../../client/commands/status.ts';
import { verifyCommand } from '../../client/commands/verify.ts';

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  return help;
}

test.each([
  ['status', statusCommand()],
  ['verify', verifyCommand()],
  ['drops', dropsCommand()],
  ['ledger', ledgerCommand()],
  ['doctor', doctorCommand()],
])('%s has examples and the options that choose its servers', (name, command) => {
  const help = helpOf(command);
  expect(help).toContain(`Usage: ${name}`);
  expect(help).toMatch(new RegExp(`Examples?:\\n  instruct-lake ${name}`));
  for (const flag of ['address', 'namespace', 'bucket', 's3-endpoint', 'region', 'state', 'json']) {
    expect(help).toContain(`--${flag}`);
  }
});

test('every command of spec has examples', () => {
  const spec = specCommand();
  for (const command of [spec, ...spec.commands])
    expect(helpOf(command)).toMatch(/Examples?:\n {2}instruct-lake/);
});

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spec-'));
  out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function spec(...args: string[]): Promise<string> {
  await specCommand().parseAsync(args, { from: 'user' });
  return out;
}

test('spec schema prints the JSON Schema of a spec, and nothing else', async () => {
  type Kind = { properties: object; required: string[] };
  const { anyOf } = JSON.parse(await spec('schema')) as { anyOf: Kind[] };
  expect(anyOf.map(({ required }) => required.includes('input'))).toEqual([true, false, false]);
  expect(anyOf.map(({ required }) => required.includes('from'))).toEqual([false, true, true]);
  for (const { properties } of anyOf) expect(Object.keys(properties)).toContain('sequenceLength');
});

test('spec check takes YAML and JSON, gives the defaults, and lists all problems', async () => {
  const file = join(folder, 'spec.yaml');
  const yaml = `domain: biomed
input: { prefix: raw/biomed/, text: text }
synthesize: { generator: instruction-synthesizer, endpoint: default }
tokenizer: default
sequenceLength: 4096
mix: { sources: [{ from: augmented, weight: 1 }] }
`;
  writeFileSync(file, yaml);
  expect(await spec('check', file)).toBe(`${file}: ok\n`);
  out = '';
  expect(JSON.parse(await spec('check', file, '--json'))).toMatchObject({ synthesize: { rounds: 3 } });
  writeFileSync(file, yaml.replace('domain: biomed', 'domian: biomed').replace('4096', '"4096"'));
  await expect(spec('check', file)).rejects.toMatchObject({
    name: 'InvalidSpec',
    message: expect.stringMatching(/domian[\s\S]*sequenceLength|sequenceLength[\s\S]*domian/),
  });
});
