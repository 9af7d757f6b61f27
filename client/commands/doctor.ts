import { Command } from 'commander';
import { printable } from '../../lake/printable.ts';
import { print } from '../print.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('Look at everything a run needs, one by one, and say how to mend what is wrong.')
    .option('--config <file>', "the worker's configuration (default: the local stack's)")
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Looks at Temporal (server, namespace, search attributes, a worker on each queue), S3 (bucket, keys, conditional writes)
and, with a worker's configuration, at its endpoints, tokenizers and launchers. Shows no secret.
✓ well  ✗ wrong  ! works without  - not looked at. Exit code 1 when anything is wrong.

Examples:
  instruct-lake doctor
  instruct-lake doctor --address temporal.example:7233 --bucket lake --config worker.yaml`,
    )
    .action(async (options: TargetFlags & { config?: string; json?: boolean }) => {
      const target = await chooseTarget(options);
      const { examine } = await import('../doctor/doctor.ts');
      const { findingLines } = await import('../doctor/finding.ts');
      const findings = await examine(target, options.config, (finding) => {
        if (!options.json) for (const line of findingLines(finding)) print(printable(line));
      });
      const ok = findings.every(({ state }) => state !== 'wrong');
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ok, findings }));
      }
      process.exitCode = ok ? 0 : 1;
    });
}
