import { Command } from 'commander';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

export function ledgerCommand(): Command {
  const command = new Command('ledger')
    .description('Show what a run took of its endpoint: requests, tokens, money; wasted, lost, cached.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Reads the lake alone. Each recorded answer counts once, however often its round was begun; what a kill took in flight is estimated.
Money is at the prices that the publishing worker's configuration had. A run that is not published is added up from its rounds.
Exit codes: 0 shown, 1 failed, 2 no such run.

Examples:
  instruct-lake ledger biomed/2026-01-05
  instruct-lake ledger biomed/2026-01-05 --json | jq .ledger.total.money`,
    )
    .action(async (text: string, options: TargetFlags & { json?: boolean }) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { readRunLedger } = await import('../read-ledger.ts');
      const found = await withLake(target, (store) => readRunLedger(store, run));
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine(found));
        return;
      }
      const { ledgerLines } = await import('../view/ledger-lines.ts');
      if (!found.published) note('Not published: this is what its rounds have taken so far.');
      for (const line of ledgerLines(found.ledger, found.open)) print(line);
    });
}
