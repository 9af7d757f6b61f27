import { LakeError } from '../../lake/errors.ts';

/** One thing the doctor looked at. `optional`: runs work without it; `skipped`: there was nothing to look at. */
export interface Finding {
  what: string;
  state: 'ok' | 'wrong' | 'optional' | 'skipped';
  detail: string;
  /** How to mend it. */
  mend?: string;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });
export const wrong = (what: string, detail: string, mend: string): Finding => ({
  what,
  state: 'wrong',
  detail,
  mend,
});

/** Runs one look. What it throws is what is wrong; `mend` says what to do about that. */
export async function look(
  what: string,
  mend: string | ((error: Error) => string),
  work: () => Promise<string | Finding>,
): Promise<Finding> {
  try {
    const found = await work();
    return typeof found === 'string' ? ok(what, found) : found;
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const name = error instanceof LakeError ? `${error.name}: ` : '';
    return wrong(what, `${name}${error.message}`, typeof mend === 'string' ? mend : mend(error));
  }
}

const MARKS = { ok: '✓', wrong: '✗', optional: '!', skipped: '-' } as const;

export function findingLines({ what, state, detail, mend }: Finding): string[] {
  return [`${MARKS[state]} ${what}: ${detail}`, ...(mend === undefined ? [] : [`    → ${mend}`])];
}
