import { LakeError } from '../lake/errors.ts';
import { printable } from '../lake/printable.ts';
import { note, print } from './print.ts';

/** Exit codes of the command (docs/guide.md). */
export const EXIT = { done: 0, failed: 1, usage: 2, withFailures: 3, interrupted: 130 } as const;

/** Errors by which the caller, not the system, is asked to do something else. */
const USAGE = new Set(['InvalidSpec', 'SpecConflict', 'BadUsage', 'RunNotFound', 'BadImport']);

export const exitCodeOf = (errorName: string): number => (USAGE.has(errorName) ? EXIT.usage : EXIT.failed);

/**
 * Prints why a command failed and gives its exit code; where `--json` was asked, also as the one document on stdout.
 * `INSTRUCT_LAKE_DEBUG` adds the stack.
 */
export function reportFailure(error: unknown): number {
  const known = error instanceof Error ? error : new Error(String(error));
  const ours = error instanceof LakeError;
  note(printable(ours ? `${known.name}: ${known.message}` : `unexpected ${known.name}: ${known.message}`));
  if (process.argv.includes('--json'))
    print(JSON.stringify({ error: { name: known.name, message: known.message } }));
  if (process.env.INSTRUCT_LAKE_DEBUG !== undefined || !ours) note(printable(known.stack ?? ''));
  return exitCodeOf(known.name);
}
