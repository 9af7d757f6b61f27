import { Command } from 'commander';
import { print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { numberOf } from './number-option.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

const DEFAULT_LIMIT = 100;

export function failuresCommand(): Command {
  const command = new Command('failures')
    .description(
      'List the sources of a run that failed: why, where, since when, and the command that replays each.',
    )
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--limit <n>', 'so many of them', String(DEFAULT_LIMIT))
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
A run that Temporal has forgotten is read from the lake; of one that it knows, the lake has those behind the first hundred.
Exit codes: 0 listed (or none), 2 no such run.

Examples:
  instruct-lake failures biomed/2026-01-05
  instruct-lake failures biomed/2026-01-05 --json | jq -r '.sources[].replay'`,
    )
    .action(async (text: string, options: TargetFlags & { limit: string; json?: boolean }) => {
      const run = parseRun(text);
      const limit = await numberOf('--limit', options.limit, Number.isInteger);
      const target = await chooseTarget(options);
      const { readRunFailures } = await import('../failures/run-failures.ts');
      const failures = await readRunFailures(target, run);
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ...failures, sources: failures.sources.slice(0, limit) }));
        return;
      }
      const { failuresLines } = await import('../view/failures-lines.ts');
      for (const line of failuresLines(failures, limit)) print(line);
    });
}
