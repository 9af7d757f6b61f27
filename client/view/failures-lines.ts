import { printable } from '../../lake/printable.ts';
import type { RunFailures, SourceFailed } from '../failures/run-failures.ts';
import { counted, thousands } from './format.ts';
import { minute } from './parked.ts';
import { waitingLine } from './waiting-line.ts';

/** The failed sources of a run for people, at most `limit` of them, each with the command that replays it. */
export function failuresLines(failures: RunFailures, limit: number): string[] {
  const { domain, run, status, parked, total, sources, retrying, replay, notes } = failures;
  const name = printable(`${domain}/${run}`, '');
  const shown = sources.slice(0, limit);
  const more = total - shown.length;
  const left =
    more > 0
      ? [`… and ${thousands(more)} more${more > 0 && shown.length < sources.length ? ' (--limit)' : ''}`, '']
      : [];
  return [
    total === 0 ? `${name}: no source has failed.` : `${name}: ${failed(total)}.`,
    ...(total === 0 ? [] : ['']),
    ...shown.flatMap((each) => [...sourceLines(each), '']),
    ...left,
    ...(total === 0 ? [] : howToReplay(status === 'running', parked, replay)),
    ...retrying.map((each) => `being tried again: ${waitingLine(each)}`),
    ...notes.map((note) => `! ${printable(note)}`),
  ];
}

const failed = (total: number): string =>
  `${counted(total, 'sources')} ${total === 1 ? 'has' : 'have'} failed`;

function sourceLines({ key, type, message, phase, since, attempts, replay }: SourceFailed): string[] {
  const [first = '', ...rest] = printable(message)
    .split('\n')
    .map((line) => printable(line, ''));
  const about = [
    phase === null ? '' : `in ${phase}`,
    attempts === null ? '' : `tried ${times(attempts)}`,
    since === null ? '' : `since ${minute(since)}`,
  ].filter(Boolean);
  return [
    printable(key, ''),
    `  ${printable(type, '')}: ${first}`,
    ...rest.filter((line) => line.trim() !== '').map((line) => `    ${line}`),
    ...(about.length === 0 ? [] : [`  ${about.join(', ')}`]),
    `  ${replay}`,
  ];
}

const times = (count: number): string =>
  count === 1 ? 'once' : count === 2 ? 'twice' : `${thousands(count)} times`;

/** A run that has not ended replays what has failed so far, and nothing by name. */
function howToReplay(runs: boolean, parked: boolean, replay: string): string[] {
  if (!runs) return [`All of them: ${replay}`];
  const how = parked ? 'parked' : 'under way';
  return [
    `The run is ${how}: it replays what has failed so far in place, all of it, and single sources once it has ended.`,
    `All of them: ${replay}`,
  ];
}
