import { Command, Option } from 'commander';
import { note } from '../print.ts';
import type { WorkerFlags } from '../run-worker.ts';

export function workerCommand(): Command {
  return new Command('worker')
    .description('Run a worker: the process that does the work of runs.')
    .option('--config <file>', "the worker's configuration (YAML)")
    .addOption(
      new Option('--role <role...>', 'take only work of these kinds').choices([
        'workflows',
        'io',
        'gpu',
        'cpu',
        'train',
      ]),
    )
    .option('--threads <n>', 'threads for CPU work', (text) => Number.parseInt(text, 10))
    .option('--ready-file <file>', 'a file that is there while the worker takes work, for health checks')
    .option('--address <host:port>', 'Temporal server')
    .option('--namespace <name>', 'Temporal namespace')
    .option('--state <dir>', 'folder of a running local stack; the worker joins it')
    .addHelpText(
      'after',
      `
Without --config the worker joins the local stack, with that stack's configuration.

Examples:
  instruct-lake worker --config worker.yaml --address temporal.example:7233
  instruct-lake worker --config worker.yaml --role gpu --role io
  instruct-lake worker                          one more worker on the local stack`,
    )
    .action(async (options: WorkerFlags) => {
      const { runWorker } = await import('../run-worker.ts');
      process.exitCode = await runWorker(options, note);
    });
}
