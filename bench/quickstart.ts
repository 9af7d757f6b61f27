import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { obtainServers } from '../client/stack/obtain.ts';
import type { Bench, Findings, Settings } from './bench.ts';
import { type Contender, compare, type Run } from './harness.ts';
import { runProcess } from './process.ts';
import { outcomeOf } from './record.ts';
import { withScratch } from './scratch.ts';
import { shardsDigest } from './shards-digest.ts';

/** Many processes and threads live at once: looking at all of them often would itself be a load. */
const SAMPLE_MS = 100;
const LIMIT_MS = 5 * 60_000;

/** The README's first command from start to exit: servers up, sample in, a run of all stages, training, servers down. */
export const quickstart: Bench = {
  name: 'quickstart',
  about: 'the whole quickstart in a new state folder, the servers being there already',
  runs: 5,
  run: runQuickstarts,
};

async function runQuickstarts({ runs, dist, vs, note, signal }: Settings): Promise<Findings> {
  const { temporal, versitygw } = await obtainServers(note, signal);
  const env = { TEMPORAL_CLI: temporal, VERSITYGW: versitygw };
  const contenders: Contender[] = [{ name: 'instruct-lake', run: () => once(dist, env, signal) }];
  if (vs !== undefined) contenders.push({ name: 'other build', run: () => once(vs, env, signal) });
  const comparison = await compare(contenders, { runs, note: (line) => note(`quickstart: ${line}`) });
  const input = { spec: 'the sample spec of the quickstart' };
  return {
    outcomes: [outcomeOf('quickstart', { name: 'sample', input, comparison })],
    versions: { temporal: firstLine(temporal), versitygw: firstLine(versitygw) },
  };
}

function once(dist: string, env: Record<string, string>, signal: AbortSignal): Promise<Run> {
  return withScratch(async (folder) => {
    const state = join(folder, 'state');
    const { stdout: _, ...costs } = await runProcess(
      process.execPath,
      [join(dist, 'client', 'cli.js'), 'quickstart', '--state', state],
      { cwd: folder, env, sampleMs: SAMPLE_MS, limitMs: LIMIT_MS, signal },
    );
    return { digest: await shardsDigest(join(state, 's3', 'lake'), 'sample'), ...costs };
  });
}

const firstLine = (program: string): string =>
  execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split('\n')[0]?.replace(/\s+/g, ' ') ??
  '';
