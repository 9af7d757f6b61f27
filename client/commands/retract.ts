import { Command } from 'commander';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

export function retractCommand(): Command {
  const command = new Command('retract')
    .description('Take the publication of a run out of its domain: nothing of it is visible any more.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--force', 'also where later runs have dropped documents because this one has them')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Works on the lake alone; the domain must be free of incremental runs. Objects stay where they are, shards that somebody reads too.
Of an incremental run the sources can be taken again: the next incremental run does. What it had replaced by newer versions counts again.
Exit codes: 0 it is taken out, 1 an incremental run holds the domain, 2 nothing is published under that name, or later runs rest on it.

Examples:
  instruct-lake retract biomed/nightly-2026-01-05T02:00:00Z
  instruct-lake retract biomed/nightly-2026-01-05T02:00:00Z --force
  instruct-lake retract biomed/2026-01-05 --json | jq .dependents`,
    )
    .action(async (text: string, options: TargetFlags & { force?: boolean; json?: boolean }) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { retractRun } = await import('../retract-run.ts');
      const retracted = await withLake(target, (store) => retractRun(store, run, options.force === true));
      const { counted, jsonLine } = await import('../view/format.ts');
      if (options.json) {
        print(jsonLine({ ...run, ...retracted }));
        return;
      }
      const named = `${run.domain}/${run.run}`;
      print(`${named} is taken out: nothing of it is visible any more.`);
      for (const { run: later, documents } of retracted.dependents) {
        note(`${run.domain}/${later} has dropped ${counted(documents, 'documents')} that nobody has now.`);
      }
      if (retracted.mode === 'incremental') note('The next incremental run takes its sources again.');
      if (retracted.tombstones) note('Documents that it had replaced by newer versions count again.');
    });
}
