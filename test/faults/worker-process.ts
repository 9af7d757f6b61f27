// A worker in a process of its own, for tests that kill it: node --import tsx worker-process.ts OPTIONS.json
import { readFileSync } from 'node:fs';
import { loudRuntime } from '../../worker/runtime.ts';
import { startWorker, type WorkerOptions } from '../../worker/worker.ts';

loudRuntime('ERROR');
const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as WorkerOptions;
const worker = await startWorker(options);
process.stdout.write('ready\n');
await worker.done;
