import { Command } from 'commander';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

export function abandonCommand(): Command {
  const command = new Command('abandon')
    .description('Close the domain that an incremental run left open because its workflow was terminated.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--force', 'without asking Temporal, where it cannot be reached')
    .option('--dry-run', 'say whether it would be closed, and change nothing')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
A run that fails or is cancelled closes its domain itself; one that was terminated cannot, and the next ones wait for it.
Started again under its own name it goes on where it was; abandoned, it does that too, once the domain is free.
Temporal is asked whether the workflow runs: if so this is refused. --force is for a Temporal that is gone for good. If the run
goes on somewhere after all nothing is damaged, but it cannot publish (DomainLost) and has to be started again.
Exit codes: 0 the domain is free, 1 Temporal cannot be asked, 2 the run holds no domain, or its workflow runs.

Examples:
  instruct-lake abandon biomed/nightly-2026-01-05T02:00:00Z
  instruct-lake abandon biomed/nightly-2026-01-05T02:00:00Z --force`,
    )
    .action(
      async (text: string, options: TargetFlags & { force?: boolean; dryRun?: boolean; json?: boolean }) => {
        const run = parseRun(text);
        const target = await chooseTarget(options);
        const { withLake } = await import('../target.ts');
        const { abandonRun } = await import('../abandon-run.ts');
        const answer = await withLake(target, (store) =>
          abandonRun(target, store, run, options.force === true, { dryRun: options.dryRun === true }),
        );
        if (options.json) {
          const { jsonLine } = await import('../view/format.ts');
          print(jsonLine({ ...run, ...answer, ...(options.dryRun && { dryRun: true }) }));
          return;
        }
        print(
          options.dryRun
            ? `Domain ${run.domain} would be free: ${run.domain}/${run.run} holds it, and its workflow does not run.`
            : `Domain ${run.domain} is free: ${run.domain}/${run.run} no longer holds it.`,
        );
        if (answer.asked === 'unknown')
          note('Temporal knows no such workflow (it forgets those that ended long ago).');
      },
    );
}
