import { Command } from 'commander';
import { note, print } from '../print.ts';
import type { TargetFlags } from '../target.ts';
import { targetOptions } from './target-options.ts';

export function importCommand(): Command {
  const command = new Command('import')
    .description('Put local Parquet or JSONL files into the lake.')
    .argument('<path...>', 'files, or folders of them')
    .requiredOption('--to <prefix>', 'where they go, e.g. raw/biomed/')
    .option('--pairs', 'contexts with their pairs: a run begins on them with from: {pairs: <prefix>}')
    .option('--overwrite', 'replace objects that are there with other content')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Parquet goes up byte for byte; JSONL (.jsonl, .ndjson, either with .gz) becomes Parquet.
With --pairs both become Parquet of the columns id, title, context and pairs. They need a context, and pairs or QA_list: a list of
objects with question and answer (maybe options and rationale), or with Q and A as augmented corpora are published.

Examples:
  instruct-lake import data/*.parquet --to raw/biomed/
  instruct-lake import pubmed.jsonl.gz --to raw/biomed/
  instruct-lake import augmented/*.parquet --pairs --to pairs/biomed/`,
    )
    .action(
      async (
        paths: string[],
        options: TargetFlags & { to: string; pairs?: boolean; overwrite?: boolean; json?: boolean },
      ) => {
        const { importPaths } = await import('../import/import.ts');
        const { resolveTarget, withLake } = await import('../target.ts');
        const target = await resolveTarget(options);
        note(`Using ${target.said}.`);
        const imported = await withLake(target, (store) =>
          importPaths({
            store,
            paths,
            to: options.to,
            pairs: options.pairs === true,
            overwrite: options.overwrite === true,
            report: options.json ? note : print,
          }),
        );
        if (options.json) print(JSON.stringify(imported));
      },
    );
}
