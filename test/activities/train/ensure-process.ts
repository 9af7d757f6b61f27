import { commandLauncher } from '../../../activities/train/command-launcher.ts';

/** A process that ensures a job, says so, and then stays until it is killed: `DIRECTORY NAME COMMAND…`. */
const [directory, name, ...command] = process.argv.slice(2);
if (directory === undefined || name === undefined) throw new Error('usage: DIRECTORY NAME COMMAND…');
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
await commandLauncher({ command, directory }).ensure({ name, input: { from: process.pid } });
process.stdout.write('ensured\n');
setInterval(() => undefined, 60_000);
