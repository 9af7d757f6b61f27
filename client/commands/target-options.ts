import type { Command } from 'commander';
import { note } from '../print.ts';
import type { Target, TargetFlags } from '../target.ts';

/** Adds the options by which a command is told where its servers are. */
export function targetOptions(command: Command): Command {
  return command
    .option('--address <host:port>', 'Temporal server (with it, name the lake by --bucket)')
    .option('--namespace <name>', 'Temporal namespace')
    .option('--bucket <name>', 'bucket of the lake')
    .option('--s3-endpoint <url>', 'S3 server, unless it is AWS')
    .option('--region <name>', 'region of the bucket')
    .option('--state <dir>', 'folder of a running local stack (default: .instruct-lake)');
}

/** The servers that the flags mean, said once on stderr. */
export async function chooseTarget(flags: TargetFlags): Promise<Target> {
  const { resolveTarget } = await import('../target.ts');
  const target = await resolveTarget(flags);
  note(`Using ${target.said}.`);
  return target;
}
