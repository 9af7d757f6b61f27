import { Command } from 'commander';
import { BadUsage, TemporalUnavailable } from '../../lake/errors.ts';
import { DOMAIN } from '../../lake/layout.ts';
import { printable } from '../../lake/printable.ts';
import type { RunRef } from '../../workflows/contract.ts';
import type { GcReport, GcScope } from '../gc/collect-garbage.ts';
import { note, print } from '../print.ts';
import { parseRun, workflowIdOf } from '../run-name.ts';
import type { Target, TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface GcFlags extends TargetFlags {
  all?: boolean;
  delete?: boolean;
  answers?: boolean;
  olderThan: string;
  json?: boolean;
}

export function gcCommand(): Command {
  const command = new Command('gc')
    .description('Say what of closed runs nothing needs any more, and with --delete take it away.')
    .argument('[what]', 'a domain, or <domain>/<run>')
    .option('--all', 'all domains of the lake')
    .option('--delete', 'take it away; without it nothing is changed')
    .option('--older-than <duration>', 'leave alone what is younger', '1d')
    .option('--answers', 'recorded answers too: a replay, or a run taken up again, asks the endpoint anew')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
What goes: work that was never committed, leftovers of attempts that others forestalled, what only generations before the last two
rest on, merged index segments that were merged again, uploads that nobody completed for a week. Runs that run are left alone.
Exit codes: 0 done, 1 Temporal or the store cannot be asked, 2 usage.

Examples:
  instruct-lake gc biomed
  instruct-lake gc biomed --delete
  instruct-lake gc --all --older-than 7d --json | jq '.runs[] | select(.bytes > 1e9)'`,
    )
    .action(async (what: string | undefined, options: GcFlags) => {
      const scope = scopeOf(what, options.all === true);
      const { duration, milliseconds } = await import('../../lake/spec/fields.ts');
      if (!duration.safeParse(options.olderThan).success) {
        throw new BadUsage(
          `--older-than ${JSON.stringify(options.olderThan)} is not a duration such as "1d"`,
        );
      }
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { collectGarbage } = await import('../gc/collect-garbage.ts');
      const report = await withLake(target, (store) =>
        withBusy(target, (busy) =>
          collectGarbage(store, scope, {
            graceMs: milliseconds(options.olderThan),
            answers: options.answers === true,
            remove: options.delete === true,
            now: Date.now(),
            busy,
            report: options.json ? () => {} : note,
          }),
        ),
      );
      if (options.json) print(JSON.stringify(report));
      else for (const line of await linesOf(report)) print(line);
    });
}

function scopeOf(what: string | undefined, all: boolean): GcScope {
  if (all !== (what === undefined)) throw new BadUsage('name a domain or a run, or say --all');
  if (what === undefined) return {};
  if (DOMAIN.test(what)) return { domain: what };
  return parseRun(what);
}

/** Asks Temporal for each run whether it runs. Throws TemporalUnavailable: nobody knows then whose work is under way. */
async function withBusy<T>(
  target: Target,
  work: (busy: (run: RunRef) => Promise<string | undefined>) => Promise<T>,
): Promise<T> {
  const { openClient } = await import('../target.ts');
  const { describe } = await import('../view/temporal-state.ts');
  const { client, close } = await openClient(target).catch((error: unknown) => {
    if (!(error instanceof TemporalUnavailable)) throw error;
    throw new TemporalUnavailable(
      `${error.reason}; without it nobody knows which runs are under way`,
      {},
      { cause: error },
    );
  });
  try {
    return await work(async (run) => {
      const described = await describe(client, workflowIdOf(run));
      return described?.status.name === 'RUNNING' ? 'it runs' : undefined;
    });
  } finally {
    await close();
  }
}

async function linesOf({ removed, runs, segments, uploads }: GcReport): Promise<string[]> {
  const { bytes: inBytes, counted } = await import('../view/format.ts');
  const would = removed ? 'went' : 'would go';
  const lines = runs.flatMap(({ domain, run, skipped, objects, bytes, why }) => {
    const named = printable(`${domain}/${run}`, '');
    if (skipped !== undefined) return [`${named}  left alone: ${skipped}`];
    if (objects === 0) return [];
    const reasons = Object.entries(why).map(([name, size]) => `${name} ${inBytes(size)}`);
    return [`${named}  ${counted(objects, 'objects')}, ${inBytes(bytes)} ${would} (${reasons.join(', ')})`];
  });
  for (const { domain, objects, bytes } of segments) {
    lines.push(`${domain}  ${counted(objects, 'objects')} of merged segments, ${inBytes(bytes)} ${would}`);
  }
  if (uploads.length > 0) lines.push(`${counted(uploads.length, 'uploads')} that nobody completed ${would}`);
  const all =
    runs.reduce((sum, { bytes }) => sum + bytes, 0) + segments.reduce((sum, { bytes }) => sum + bytes, 0);
  lines.push(
    all === 0 && uploads.length === 0
      ? 'Everything that is there is needed.'
      : `${inBytes(all)} in all${removed ? ' went.' : ' would go; --delete takes it away.'}`,
  );
  return lines;
}
