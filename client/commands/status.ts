import { Command } from 'commander';
import { print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface StatusOptions extends TargetFlags {
  watch?: boolean;
  json?: boolean;
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('Show how far a run is, or how it ended.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--watch', 'show its progress until it ends; Ctrl-C stops watching, not the run')
    .option('--json', 'one JSON document on stdout (lines with --watch)');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Runs that Temporal has forgotten are read from the lake.
Exit codes: 0 running or done, 1 failed, 2 no such run, 3 completed with failed sources, 130 stopped watching.

Examples:
  instruct-lake status biomed/2026-01-05
  instruct-lake status biomed/2026-01-05 --watch
  instruct-lake status biomed/2026-01-05 --json | jq .counts`,
    )
    .action(async (text: string, options: StatusOptions) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const json = options.json === true;
      const { exitOfState, readRunState } = await import('../view/run-state.ts');
      if (options.watch) {
        const { watchRun } = await import('../view/watch.ts');
        process.exitCode = exitOfState(await watchRun(target, run, { json }));
        return;
      }
      const state = await readRunState(target, run);
      if (json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine(state));
      } else {
        const { statusLines } = await import('../view/summary.ts');
        const { terminalOf } = await import('../view/terminal.ts');
        for (const line of statusLines(state, { now: Date.now(), ...terminalOf(process.stdout) }))
          print(line);
      }
      process.exitCode = exitOfState(state);
    });
}
