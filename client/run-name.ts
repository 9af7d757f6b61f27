import { BadUsage } from '../lake/errors.ts';
import { DOMAIN, RUN } from '../lake/layout.ts';
import type { RunRef } from '../workflows/contract.ts';

/** `<domain>/<run>`, or the full workflow id. Throws BadUsage. */
export function parseRun(text: string): RunRef {
  const [, domain = '', run = ''] = /^(?:ingest\/)?([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (DOMAIN.test(domain) && RUN.test(run)) return { domain, run };
  throw new BadUsage(`${JSON.stringify(text)} is not a run; write <domain>/<run>, e.g. biomed/2026-01-05`);
}

export const workflowIdOf = ({ domain, run }: RunRef): string => `ingest/${domain}/${run}`;
