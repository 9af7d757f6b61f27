import { Command, Option } from 'commander';
import { SHARD_FORMATS, type ShardFormat } from '../../workflows/contract.ts';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface ExportFlags extends TargetFlags {
  to: string;
  format: ShardFormat;
  pairs?: boolean;
  json?: boolean;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'Put the shards of a run, or its pairs, into a local folder, by the names that a trainer knows.',
    )
    .argument('<run>', '<domain>/<run>, published')
    .requiredOption('--to <folder>', 'where they go')
    .addOption(
      new Option('--format <format>', 'of those that the run has').choices(SHARD_FORMATS).default('megatron'),
    )
    .addOption(
      new Option(
        '--pairs',
        'instead: the pairs that were kept, each text with its own, as Parquet',
      ).conflicts('format'),
    )
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Hashes are checked. What is there already is not fetched again, so that an export that was broken off goes on.
A run has the formats of its spec (shards.formats); \`instruct-lake remix\` makes others, without tokenizing again.

Examples:
  instruct-lake export biomed/2026-01-05 --to shards
  instruct-lake export biomed/2026-01-05 --format olmo --to shards-olmo
  instruct-lake export biomed/2026-01-05 --pairs --to augmented      # for \`import --pairs\`, here or elsewhere`,
    )
    .action(async (text: string, options: ExportFlags) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      if (options.pairs) {
        const { exportPairs } = await import('../export/export-pairs.ts');
        const exported = await withLake(target, (store) => exportPairs(store, run, options.to, note));
        const { files, rows, pairs } = exported;
        if (options.json) print(JSON.stringify({ ...run, ...exported }));
        else print(`${files} files in ${options.to}: ${rows} texts, ${pairs} pairs`);
        return;
      }
      const { exportRun } = await import('../export/export-run.ts');
      const exported = await withLake(target, (store) =>
        exportRun(store, run, options.format, options.to, note),
      );
      const { files, bytes, there } = exported;
      if (options.json) print(JSON.stringify({ ...run, ...exported }));
      else print(`${files} files, ${bytes} bytes in ${options.to} (${there} were there)`);
    });
}
