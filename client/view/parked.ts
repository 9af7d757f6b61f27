import { printable } from '../../lake/printable.ts';
import type { Decision, Parked } from '../../workflows/contract.ts';
import { duration } from './format.ts';
import type { RunState } from './run-state.ts';

/** The command of ours that takes a decision. */
const COMMANDS: Readonly<Record<Decision, string>> = {
  acceptPartial: 'accept',
  resume: 'resume',
  replayFailed: 'replay',
};

/** What holds a run up until a person says otherwise, and what ends that, as sentences and commands. */
export function heldLines(state: RunState, now: number, whole: boolean): { say: string[]; do: string[] } {
  const waiting = waitingLines(state);
  const parked = parkedLines(state, now, whole);
  if (!state.paused) return { say: [...waiting.say, ...parked.say], do: [...waiting.do, ...parked.do] };
  const commands =
    parked.do.length > 0 && state.parked?.decisions.includes('resume') ? [] : commandsOf(state, 'resume');
  return {
    say: ['paused: nothing new is started until it is resumed', ...waiting.say, ...parked.say],
    do: [...commands, ...waiting.do, ...parked.do],
  };
}

/** For whom a run waits. That one lets go by itself when it ends, unless it was terminated. */
function waitingLines({ domain, waitingFor }: RunState): { say: string[]; do: string[] } {
  if (waitingFor === null) return { say: [], do: [] };
  const holder = printable(`${domain}/${waitingFor.by}`, '');
  return {
    say: [
      `waiting since ${minute(waitingFor.since)} for ${holder}, which holds the domain. It asks every minute. If that run was terminated:`,
    ],
    do: [`instruct-lake abandon ${holder}`],
  };
}

/** Why a run is parked and what ends it; of its message only the first line unless it is `whole`. */
function parkedLines(state: RunState, now: number, whole: boolean): { say: string[]; do: string[] } {
  const { parked } = state;
  if (parked === null) return { say: [], do: [] };
  const { type, message, since, decisions } = parked;
  const [said = '', ...more] = message.split('\n').map((line) => printable(line, ''));
  return {
    say: [
      `parked since ${minute(since)}: ${printable(type, '')}: ${said}`,
      ...(whole ? more.filter((line) => line.trim() !== '') : []),
      `${timeout(parked, now)} A person decides with:`,
    ],
    do: decisions.flatMap((decision) => commandsOf(state, decision)),
  };
}

function commandsOf({ domain, run, workflowId }: RunState, decision: Decision): string[] {
  return [
    `instruct-lake ${COMMANDS[decision] ?? decision} ${printable(`${domain}/${run}`, '')}`,
    `temporal workflow update execute --workflow-id ${printable(workflowId, '')} --name ${decision}`,
  ];
}

function timeout({ until, onTimeout }: Parked, now: number): string {
  const left = Date.parse(until) - now;
  const when = `at ${minute(until)} (${left > 0 ? `in ${duration(left)}` : 'now'})`;
  return onTimeout === 'accept' ? `It goes on without what failed ${when}.` : `It fails ${when}.`;
}

/** `2026-01-05T02:10:33.123Z` → `2026-01-05 02:10 UTC`. */
export const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
