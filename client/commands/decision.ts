import { Command } from 'commander';
import { printable } from '../../lake/printable.ts';
import type { Decision } from '../../workflows/contract.ts';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

/** A command that sends a parked run the decision it waits for. */
function decisionCommand(words: {
  name: string;
  decision: Decision;
  description: string;
  help: string;
  next: string;
}): Command {
  const { name, decision, description, help, next } = words;
  const command = new Command(name)
    .description(description)
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
${help}
The same with Temporal's own command: temporal workflow update execute --workflow-id ingest/<domain>/<run> --name ${decision}
Exit codes: 0 the run goes on, 2 it is not parked, or not for this.

Examples:
  instruct-lake status biomed/2026-01-05
  instruct-lake ${name} biomed/2026-01-05`,
    )
    .action(async (text: string, options: TargetFlags & { json?: boolean }) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { decide } = await import('../decide.ts');
      const parked = await decide(target, run, decision);
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ...run, decision, parked }));
        return;
      }
      const named = `${run.domain}/${run.run}`;
      print(printable(`${named} was parked in phase ${parked.phase} for ${parked.type}. ${next}`));
      note(`Watch it with: instruct-lake status ${named} --watch`);
    });
}

export function acceptCommand(): Command {
  return decisionCommand({
    name: 'accept',
    decision: 'acceptPartial',
    description: 'Let a parked run go on without the sources that have failed.',
    help: 'Accepts what has failed so far. When more sources fail later, the run parks again.',
    next: 'It goes on without the sources that have failed so far.',
  });
}

export function resumeCommand(): Command {
  return decisionCommand({
    name: 'resume',
    decision: 'resume',
    description: "Let a parked run try again what failed, once the worker's configuration is mended.",
    help: 'A run that has ended is resumed by `instruct-lake ingest` with the same spec and --run.',
    next: 'It tries again what failed; if that fails once more, the run parks again.',
  });
}
