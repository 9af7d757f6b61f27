import { Command } from 'commander';
import { note, print } from '../print.ts';
import type { TargetFlags } from '../target.ts';
import { targetOptions } from './target-options.ts';

export function importCommand(): Command {
  const command = new Command('import')
    .description('Put local Parquet or JSONL files into the lake.')
    .argument('<path...>', 'files, or folders of them')
    .requiredOption('--to <prefix>', 'where they go, e.g. raw/biomed/')
    .option('--overwrite', 'replace objects that are there with other content')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Parquet goes up byte for byte; JSONL (.jsonl, .ndjson, either with .gz) becomes Parquet.

Examples:
  instruct-lake import data/*.parquet --to raw/biomed/
  instruct-lake import pubmed.jsonl.gz --to raw/biomed/`,
    )
    .action(
      async (paths: string[], options: TargetFlags & { to: string; overwrite?: boolean; json?: boolean }) => {
        const { importPaths } = await import('../import/import.ts');
        const { resolveTarget, withLake } = await import('../target.ts');
        const target = await resolveTarget(options);
        note(`Using ${target.said}.`);
        const imported = await withLake(target, (store) =>
          importPaths({
            store,
            paths,
            to: options.to,
            overwrite: options.overwrite === true,
            report: options.json ? note : print,
          }),
        );
        if (options.json) print(JSON.stringify(imported));
      },
    );
}
