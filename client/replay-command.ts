import type { RunRef } from '../workflows/contract.ts';
import { shellWord } from './shell-word.ts';

/** The command that replays one source of a run, or all that failed. */
export function replayCommand({ domain, run }: RunRef, key?: string): string {
  const name = shellWord(`${domain}/${run}`);
  if (key === undefined) return `instruct-lake replay ${name} --failed`;
  return `instruct-lake replay ${name} --source${key.startsWith('-') ? '=' : ' '}${shellWord(key)}`;
}
