import { DomainTaken } from '../errors.ts';
import type { Holder, LogState } from './entry.ts';

/** Throws DomainTaken while a run holds the domain; `why` says what cannot be done meanwhile. */
export function refuseHeld({ open }: LogState, why: string): void {
  if (open !== null) throw taken(open, why);
}

/** What is thrown where a run holds the domain. */
export function taken({ run }: Holder, why: string): DomainTaken {
  return new DomainTaken(
    `run ${run} holds the domain, and ${why}; wait until it has ended (if its workflow was terminated: \`instruct-lake abandon <domain>/${run}\`)`,
  );
}
