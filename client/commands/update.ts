import { Command } from 'commander';
import { BadUsage } from '../../lake/errors.ts';
import { printable } from '../../lake/printable.ts';
import { type Control, MAX_CONCURRENCY, type Parked, type SetConcurrency } from '../../workflows/contract.ts';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface Words<T> {
  name: string;
  /** The update that it sends. */
  update: string;
  description: string;
  help: string;
  /** What it does, and when it is refused. */
  codes: string;
  /** What follows the run in the example. */
  example?: string;
  /** The answer for people, and what of it `--json` prints. */
  said(named: string, answer: T): string;
  json(answer: T): object;
}

/** A command that sends a run under way an update. `inputOf` makes the update's input of the argument `<n>`, where there is one. */
function updateCommand<T>(words: Words<T>, inputOf?: (argument: string) => object): Command {
  const command = new Command(words.name)
    .description(words.description)
    .argument('<run>', '<domain>/<run>, or the workflow id');
  if (inputOf !== undefined) command.argument('<n>', 'requests in flight at most, or `none`');
  command.option('--json', 'one JSON document on stdout');
  const given = inputOf === undefined ? '' : ` --input '${JSON.stringify(inputOf(words.example ?? ''))}'`;
  const example = words.example === undefined ? '' : ` ${words.example}`;
  return targetOptions(command)
    .addHelpText(
      'after',
      `
${words.help}
The same with Temporal's own command: temporal workflow update execute --workflow-id ingest/<domain>/<run> --name ${words.update}${given}
Exit codes: 0 ${words.codes}

Examples:
  instruct-lake status biomed/2026-01-05
  instruct-lake ${words.name} biomed/2026-01-05${example}`,
    )
    .action(async (text: string, ...rest: unknown[]) => {
      const run = parseRun(text);
      const input = inputOf?.(String(rest.shift()));
      const options = rest[0] as TargetFlags & { json?: boolean };
      const target = await chooseTarget(options);
      const { updateRun } = await import('../update-run.ts');
      const answer = await updateRun<T>(target, run, words.update, input);
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ...run, ...words.json(answer) }));
        return;
      }
      const named = `${run.domain}/${run.run}`;
      print(printable(words.said(named, answer)));
      note(`Watch it with: instruct-lake status ${named} --watch`);
    });
}

const wasParked = (named: string, { phase, type }: Parked): string =>
  `${named} was parked in phase ${phase} for ${type}.`;

export function acceptCommand(): Command {
  return updateCommand<Parked>({
    name: 'accept',
    update: 'acceptPartial',
    description: 'Let a parked run go on without the sources that have failed.',
    help: 'Accepts what has failed so far. When more sources fail later, the run parks again.',
    codes: 'the run goes on, 2 it is not parked, or not for this.',
    said: (named, parked) =>
      `${wasParked(named, parked)} It goes on without the sources that have failed so far.`,
    json: (parked) => ({ decision: 'acceptPartial', parked }),
  });
}

export function resumeCommand(): Command {
  return updateCommand<Parked | null>({
    name: 'resume',
    update: 'resume',
    description:
      "Let a paused run go on, or a parked one try again what failed, once the worker's configuration is mended.",
    help: 'A run that has ended is resumed by `instruct-lake ingest` with the same spec and --run.',
    codes: 'the run goes on, 2 it is neither paused nor parked, or parked for something else.',
    said: (named, parked) =>
      parked === null
        ? `${named} was paused. It goes on.`
        : `${wasParked(named, parked)} It tries again what failed; if that fails once more, the run parks again.`,
    json: (parked) => ({ decision: 'resume', parked }),
  });
}

export function pauseCommand(): Command {
  return updateCommand<Control>({
    name: 'pause',
    update: 'pause',
    description: 'Let a run start nothing new until it is resumed.',
    help: 'Rounds under way stop asking within seconds and keep their answers; what computes may come to its end.',
    codes: 'the run is paused, 2 it was already.',
    said: (named) =>
      `${named} is paused: it starts nothing new. It goes on with: instruct-lake resume ${named}`,
    json: (control) => control,
  });
}

export function setConcurrencyCommand(): Command {
  return updateCommand<Control>(
    {
      name: 'set-concurrency',
      update: 'setConcurrency',
      description:
        "Set how many requests of a run are in flight at most, over all workers, or `none` for no more than the endpoints' own limits.",
      help: 'Rounds under way keep their answers and begin again with their new share within seconds.',
      codes: 'it holds from now on, 2 that is no number of requests.',
      example: '64',
      said: (named, { concurrency }) =>
        concurrency === null
          ? `${named} has no ceiling any more: the endpoints' own limits hold.`
          : `${named} has at most ${concurrency} requests in flight.`,
      json: (control) => control,
    },
    concurrencyOf,
  );
}

/** `64` or `none`. Throws BadUsage. */
function concurrencyOf(text: string): SetConcurrency {
  if (text === 'none') return { concurrency: null };
  const concurrency = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  if (concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return { concurrency };
  throw new BadUsage(
    `${JSON.stringify(text)} is no number of requests; write 1 to ${MAX_CONCURRENCY}, or none`,
  );
}
