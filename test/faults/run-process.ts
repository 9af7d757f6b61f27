// A whole run in a process of its own, for tests that kill it: node --import tsx run-process.ts OPTIONS.json
import { readFileSync } from 'node:fs';
import type { Settings } from '../../activities/settings.ts';
import type { IngestSpec, ReplayRequest, RunRef } from '../../workflows/contract.ts';
import { runWithoutTemporal } from './without-temporal.ts';

export interface RunProcessOptions {
  settings: Settings;
  run: RunRef;
  spec: IngestSpec;
  /** A replay of that run instead. */
  replay?: ReplayRequest;
}

const { settings, run, spec, replay } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
) as RunProcessOptions;
const result = await runWithoutTemporal(settings, run, spec, replay);
process.stdout.write(`${JSON.stringify(result)}\n`);
// What is held open (a store's sockets) ends with the process.
process.exit(0);
