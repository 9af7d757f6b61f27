import { Command, Option } from 'commander';
import { BadUsage } from '../../lake/errors.ts';
import { REPLAY_STAGES, type ReplayRequest, type ReplayStage } from '../../workflows/contract.ts';
import { note } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { targetOptions } from './target-options.ts';

interface ReplayFlags extends TargetFlags {
  failed?: boolean;
  source?: string[];
  from?: ReplayStage;
  watch?: boolean;
  json?: boolean;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Run the failed sources of a run again, or some by name, and what depends on them.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--failed', 'all sources that failed (the default)')
    .option('--source <key...>', 'these sources, by their keys in the lake')
    .addOption(
      new Option(
        '--from <stage>',
        'plan: the objects as they are now; scan: as they were, read again; synthesize, template: only what failed there',
      ).choices(REPLAY_STAGES),
    )
    .option('--watch', 'show its progress until it ends; Ctrl-C stops watching, not the run')
    .option('--json', 'one JSON document on stdout (lines with --watch)');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
What is unchanged is found again, and answers of the endpoint that are there are used again. The new generation takes the
place of the published one when it is complete; until then, and where nothing was mended, that one stays.
A run that is under way (parked, for instance) replays what has failed in place.
The same with Temporal's own command: temporal workflow start --type replayPartitions --task-queue instruct-lake \\
  --workflow-id ingest/<domain>/<run> --id-conflict-policy Fail --fail-existing \\
  --input '{"domain":"<domain>","run":"<run>","sources":"failed"}'

Examples:
  instruct-lake failures biomed/2026-01-05
  instruct-lake replay biomed/2026-01-05
  instruct-lake replay biomed/2026-01-05 --source raw/biomed/b.parquet --watch`,
    )
    .action(async (text: string, options: ReplayFlags) => {
      const run = parseRun(text);
      if (options.failed && options.source !== undefined) {
        throw new BadUsage('say --failed or --source, not both: --source can name failed ones');
      }
      const request: ReplayRequest = {
        sources: options.source ?? 'failed',
        ...(options.from && { from: options.from }),
      };
      const { replay } = await import('../replay.ts');
      process.exitCode = await replay(run, request, options, note);
    });
}
