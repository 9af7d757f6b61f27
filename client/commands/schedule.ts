import { Command } from 'commander';
import { BadUsage } from '../../lake/errors.ts';
import { printable } from '../../lake/printable.ts';
import { note, print } from '../print.ts';
import type { Steer } from '../schedules/steer-schedule.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

type Flags = TargetFlags & { json?: boolean };

export function scheduleCommand(): Command {
  const command = new Command('schedule').description(
    'Nightly ingests: schedules of Temporal, one for each domain.',
  );
  for (const each of [applyCommand(), listCommand(), ...steeringCommands()]) command.addCommand(each);
  return command.addHelpText(
    'after',
    `
Examples:
  instruct-lake schedule apply schedules.yaml
  instruct-lake schedule list
  instruct-lake schedule trigger biomed`,
  );
}

function applyCommand(): Command {
  const command = new Command('apply')
    .description('Make schedules what a file says; applied again it changes nothing.')
    .argument('<file>', 'YAML or JSON: {schedules: [{spec, at | cron, name?, jitter?, catchUp?, paused?}]}')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
\`spec\` is a spec or the name of a file beside this one. Times are UTC. A schedule's runs are incremental, keep off objects younger
than ten minutes and let one source in a hundred fail, unless the spec says otherwise. Schedules that the file does not name stay.
Exit codes: 0 done, 2 the file is not valid.

A file, schedules.yaml:
  schedules:
    - { spec: biomed.yaml, at: "02:00" }
    - { spec: law.yaml, cron: "0 3 * * 1-5", jitter: 5m, catchUp: 12h }

Examples:
  instruct-lake schedule apply schedules.yaml --dry-run
  instruct-lake schedule apply schedules.yaml`,
    )
    .action(async (file: string, options: Flags & { dryRun?: boolean }) => {
      const { readScheduleFile } = await import('../schedules/schedule-file.ts');
      const wanted = await readScheduleFile(file);
      const applied = await withClient(options, async (client) => {
        const { applySchedules } = await import('../schedules/apply-schedules.ts');
        return applySchedules(client, wanted, { dryRun: options.dryRun === true });
      });
      if (options.json) {
        print(JSON.stringify({ dryRun: options.dryRun === true, schedules: applied }));
        return;
      }
      const would = options.dryRun === true ? 'would be ' : '';
      for (const { id, applied: what, changes } of applied) {
        print(
          `${id}  ${what === 'unchanged' ? what : `${would}${what}`}${changes.length > 0 ? `: ${changes.join(', ')}` : ''}`,
        );
      }
    });
}

function listCommand(): Command {
  const command = new Command('list')
    .description('All schedules: when the next night begins, and how the last one ended.')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText('after', '\nExample:\n  instruct-lake schedule list --json | jq .schedules')
    .action(async (options: Flags) => {
      const schedules = await withClient(options, async (client) => {
        const { listSchedules } = await import('../schedules/list-schedules.ts');
        return listSchedules(client);
      });
      if (options.json) {
        print(JSON.stringify({ schedules }));
        return;
      }
      if (schedules.length === 0) note('There is none. `instruct-lake schedule apply FILE` makes some.');
      for (const { id, paused, note: why, next, last } of schedules) {
        const when = paused
          ? `paused${why === null ? '' : ` (${printable(why, '')})`}`
          : `next ${next ?? 'never'}`;
        const was =
          last === null
            ? 'has not run'
            : `last ${last.workflowId.slice(id.length + 1)} ${(last.status ?? 'forgotten by Temporal').toLowerCase()}`;
        print(`${id}  ${when}  ${was}`);
      }
    });
}

interface Words {
  verb: Steer['verb'];
  description: string;
  help: string;
  said: (id: string) => string;
}
const WORDS: readonly Words[] = [
  {
    verb: 'pause',
    description: 'Let no further night begin; one that runs goes on.',
    help: 'A paused schedule stays so when its file is applied again, unless that says `paused`.',
    said: (id) => `${id} is paused.`,
  },
  {
    verb: 'resume',
    description: 'Let nights begin again.',
    help: 'Nights that were missed lose nothing: the next one takes what none has taken.',
    said: (id) => `${id} goes on.`,
  },
  {
    verb: 'trigger',
    description: 'Begin a night now, or when the one that runs has ended.',
    help: 'Its run is named by the time at which it begins.',
    said: (id) => `${id} begins a night.`,
  },
  {
    verb: 'backfill',
    description: 'Begin the nights of a past period, one after the other.',
    help: 'The first takes all that no night has taken; the others find what came meanwhile, mostly nothing. Nights that were missed need none of this.',
    said: (id) => `${id} begins the nights of that period, one after the other.`,
  },
  {
    verb: 'delete',
    description: 'Take a schedule away; a night that runs goes on.',
    help: 'What its nights have published stays.',
    said: (id) => `${id} is gone.`,
  },
];

function steeringCommands(): Command[] {
  return WORDS.map(({ verb, description, help, said }) => {
    const command = new Command(verb)
      .description(description)
      .argument('<domain>', 'a domain, <domain>/<name>, or the id of a schedule');
    if (verb === 'backfill') {
      command
        .argument('<from>', 'a day or a time, UTC: 2026-01-05 or 2026-01-05T02:00:00Z')
        .argument('<to>', 'the end of the period');
    }
    if (verb === 'pause') command.option('--note <text>', 'why, for who lists it');
    command.option('--json', 'one JSON document on stdout');
    return targetOptions(command)
      .addHelpText(
        'after',
        `\n${help}\nExit codes: 0 done, 2 there is no such schedule.\n\nExample:\n  instruct-lake schedule ${verb} biomed${verb === 'backfill' ? ' 2026-01-01 2026-01-08' : ''}`,
      )
      .action(async (text: string, ...rest: unknown[]) => {
        const { parseScheduleId } = await import('../schedules/schedule-file.ts');
        const id = parseScheduleId(text);
        if (id === undefined)
          throw new BadUsage(`${JSON.stringify(text)} is no domain, and no id of a schedule`);
        const [from, to] = verb === 'backfill' ? (rest.splice(0, 2) as string[]) : [];
        const options = rest[0] as Flags & { note?: string };
        const { backfillOf, steerSchedule } = await import('../schedules/steer-schedule.ts');
        const steer = (
          verb === 'backfill'
            ? { verb, ...backfillOf(from ?? '', to ?? '') }
            : verb === 'pause'
              ? { verb, note: options.note ?? 'paused by instruct-lake' }
              : { verb }
        ) as Steer;
        await withClient(options, (client) => steerSchedule(client, id, steer));
        print(options.json ? JSON.stringify({ id, ...steer }) : said(id));
      });
  });
}

async function withClient<T>(
  options: TargetFlags,
  work: (client: import('@temporalio/client').Client) => Promise<T>,
): Promise<T> {
  const target = await chooseTarget(options);
  const { openClient } = await import('../target.ts');
  const { client, close } = await openClient(target);
  try {
    return await work(client);
  } finally {
    await close();
  }
}
