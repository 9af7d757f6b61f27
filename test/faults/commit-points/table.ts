import type { Side } from './crash.ts';
import type { FaultName, Met } from './lost.ts';
import type { Point } from './point.ts';
import type { Raced } from './race.ts';

/** What was seen, by kind of write; a kind that was not played in some way is missing there. */
export interface Seen {
  crashes: Map<string, Partial<Record<Side, string>>>;
  faults: Map<FaultName, Met>;
  raced: Raced;
}

const HEAD = `# Commit points

Every kind of write of a run, in the order in which a run makes them, and what happens when a worker dies there. The table is
written by \`npm run acceptance -- commit-points-all\`, against a real S3 server behind a proxy that drops requests and answers.

- **killed before, after**: the worker was ended with SIGKILL when the first write of this kind had been sent, before it
  reached the store, or when the store had done it, before the worker knew. The cell says what a reader of the domain
  saw then: nothing of the run, or all of it, verified to the last token. Another process then did the run: one entry in
  the log, the same canonical objects as in a run that nothing happened to.
- **answer lost**: the store did the write and the connection broke. The worker asked again by itself. 412 means that it
  met its own write, and took it for what it was. No stage was done twice. The same holds for requests that were lost,
  for 409 and 503, and for a 500 after the write was done.
- **two at once**: two processes did the whole run at the same time and met at each write, either one going first. Of each conditional
  write (If-None-Match) one was made; the other process took it. Both gave the same result.
`;

/** The page with the tables. Equal runs give equal pages. */
export function page(
  points: readonly Point[],
  uploads: readonly string[],
  seen: Seen,
  incremental: { points: readonly Point[]; seen: Seen },
): string {
  const uploaded = uploads.map((name) => ({ name, conditional: name.endsWith('_commit.json') }));
  return `${HEAD}
${table([...points, ...uploaded], seen)}

\`<attempt>\` is a folder that nobody else writes to. The last rows are a stage whose output is uploaded in parts. Two runs that append to a domain's log at once both
get in, one after the other. The same at a few of these points with Temporal and real workers, where the other worker gets the
activity once the heartbeats of the first have been missed: \`npm run acceptance -- commit-points\`.

An incremental run has these besides. Its first entry of the log takes the domain, the next one publishes it and lets go of the domain.

${table(incremental.points, incremental.seen)}
`;
}

function table(points: readonly Point[], seen: Seen): string {
  const lines = points.map(({ name, conditional }) => {
    const { before = '–', after = '–' } = seen.crashes.get(name) ?? {};
    return `| \`${name}\` | ${conditional ? 'yes' : ''} | ${before} | ${after} | ${again(seen, name)} | ${both(seen, name)} |`;
  });
  return `| write | conditional | killed before: visible | killed after: visible | answer lost | two at once |
|---|---|---|---|---|---|
${lines.join('\n')}`;
}

function again({ faults }: Seen, name: string): string {
  const status = faults.get('answer lost')?.get(name);
  if (status === undefined) return '–';
  return status === 412 ? '412: its own' : 'written again';
}

function both({ raced }: Seen, name: string): string {
  const statuses = raced.get(name);
  if (statuses === undefined) return '–';
  if (statuses[1] === 412) return 'one of them';
  return name.includes('<attempt>') ? 'each its own' : 'the same twice';
}
