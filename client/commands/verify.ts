import { Command } from 'commander';
import { printable } from '../../lake/printable.ts';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description(
      'Look at everything that a run published: log, hashes, the manifest computed again, marks in the shards.',
    )
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Reads the lake alone; Temporal need not be there. Every byte of the shards is read, and what ids may spell a
mark of the protocol is decoded with the run's own tokenizer.
Exit codes: 0 all is well, 1 something is not, 2 nothing is published under that name.

Examples:
  instruct-lake verify biomed/2026-01-05
  instruct-lake verify biomed/2026-01-05 --json | jq '.checks[] | select(.ok | not)'`,
    )
    .action(async (text: string, options: TargetFlags & { json?: boolean }) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { verifyRun } = await import('../verify-run.ts');
      const checks = await withLake(target, (store) => verifyRun(store, run, note));
      const ok = checks.every((each) => each.ok);
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ...run, ok, checks }));
      } else {
        for (const { what, ok, detail } of checks) print(`${ok ? '✓' : '✗'} ${what}: ${printable(detail)}`);
      }
      process.exitCode = ok ? 0 : 1;
    });
}
