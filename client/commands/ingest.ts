import { Command } from 'commander';
import { note } from '../print.ts';
import type { TargetFlags } from '../target.ts';
import { targetOptions } from './target-options.ts';

export function ingestCommand(): Command {
  const command = new Command('ingest')
    .description('Start (or resume) the main job: raw text of a domain → pre-training shards.')
    .argument('<spec>', 'the spec: a JSON or YAML file')
    .option('--run <name>', "name of the run (default: today's date, UTC)")
    .option('--watch', 'show its progress until it ends; Ctrl-C stops watching, not the run')
    .option('--json', 'one JSON document on stdout (lines with --watch)');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
The same run with the same spec resumes; with another spec it is refused.
\`instruct-lake spec schema\` prints what a spec may hold.

Examples:
  instruct-lake ingest spec.json --watch
  instruct-lake ingest spec.yaml --run 2026-01-05
  instruct-lake ingest spec.json --address temporal.example:7233 --bucket lake`,
    )
    .action(
      async (spec: string, options: TargetFlags & { run?: string; watch?: boolean; json?: boolean }) => {
        const { ingest } = await import('../ingest.ts');
        process.exitCode = await ingest(spec, options, note);
      },
    );
}
