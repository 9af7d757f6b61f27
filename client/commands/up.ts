import { Command, Option } from 'commander';
import { note } from '../print.ts';

const stateOption = (): Option =>
  new Option('--state <dir>', 'folder of the local stack').default('.instruct-lake');

export function upCommand(): Command {
  return new Command('up')
    .description('Start a local stack: Temporal with its UI, an S3 server, the embedded endpoint, a worker.')
    .addOption(stateOption())
    .option(
      '--config <file>',
      "more endpoints, tokenizers and launchers for its worker (a worker's YAML without `lake`)",
    )
    .option('--detach', 'return once it is up; `down` ends it')
    .addHelpText(
      'after',
      `
Examples:
  instruct-lake up                              until Ctrl-C
  instruct-lake up --detach                     in the background
  instruct-lake up --config tokenizers.yaml     with tokenizers of your own`,
    )
    .action(async (options: { state: string; config?: string; detach?: boolean }) => {
      const { up } = await import('../stack/up.ts');
      const { localParts } = await import('../parts.ts');
      const config = options.config === undefined ? [] : ['--config', options.config];
      process.exitCode = await up({
        state: options.state,
        detach: options.detach === true,
        report: note,
        parts: localParts(options.config),
        command: ['up', '--state', options.state, ...config],
      });
    });
}

export function downCommand(): Command {
  return new Command('down')
    .description('End the local stack, and training jobs that it runs.')
    .addOption(stateOption())
    .addHelpText('after', '\nExample:\n  instruct-lake down')
    .action(async ({ state }: { state: string }) => {
      const { down } = await import('../stack/down.ts');
      const { cancelLocalJobs } = await import('../local-jobs.ts');
      await down({ state, report: note });
      await cancelLocalJobs(state, note);
    });
}
