import { Command } from 'commander';
import { note } from '../print.ts';

export function quickstartCommand(): Command {
  return new Command('quickstart')
    .description('The whole pipeline once, on a sample of our own, with real servers on this machine.')
    .option('--state <dir>', 'folder of the local stack, its data included', '.instruct-lake')
    .addHelpText(
      'after',
      `
Finds or obtains the Temporal and S3 servers, starts them, a worker and an endpoint that answers by rules, and turns the
sample into shards that it then trains a tiny model on. Needs no GPU. What it leaves is in the state folder.

Example:
  instruct-lake quickstart`,
    )
    .action(async ({ state }: { state: string }) => {
      const { quickstart } = await import('../quickstart.ts');
      process.exitCode = await quickstart(state, note);
    });
}
