import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InvalidSpec } from '../../lake/errors.ts';
import { DOMAIN } from '../../lake/layout.ts';
import { suggest } from '../../lake/nearest.ts';
import { duration } from '../../lake/spec/fields.ts';
import { type FullSpec, parseSpec } from '../../lake/spec.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { readSpecFile } from '../spec-file.ts';

/** The base of a night's name; Temporal appends `-<nominal time>`. */
const DEFAULT_NAME = 'nightly';

const schedule = z.strictObject({
  /** A spec, or a file that holds one, beside the schedules' file. */
  spec: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'is not a name ([A-Za-z0-9._-], 40 at most)')
    .default(DEFAULT_NAME),
  /** Every day at this time, UTC. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time such as "02:00" (UTC)')
    .exactOptional(),
  /** Or when this says, in five fields, UTC. */
  cron: z
    .string()
    .regex(/^\S+( \S+){4}$/, 'is not a cron expression of five fields')
    .exactOptional(),
  jitter: duration.default('10m'),
  catchUp: duration.default('6h'),
  paused: z.boolean().exactOptional(),
});
const File = z.strictObject({ schedules: z.array(schedule).min(1).max(1_000) });

/** When nights begin, and how long they are made up for: durations as the spec writes them. */
export interface Timing {
  at?: string;
  cron?: string;
  jitter: string;
  catchUp: string;
}
/** A schedule as its file wants it. */
export interface WantedSchedule {
  id: string;
  domain: string;
  timing: Timing;
  /** Undefined: as it is, and running when it is new. */
  paused?: boolean;
  /** What every night is started with. */
  spec: IngestSpec;
}

/** The id of a schedule, and the beginning of the workflow ids of its nights. */
export const scheduleIdOf = (domain: string, name = DEFAULT_NAME): string => `ingest/${domain}/${name}`;

/** What a schedule adds to a spec that does not say otherwise. */
const NIGHTLY = { mode: 'incremental', maxFailedFraction: 0.01 } as const;
/** A file that is being copied to the store by a program that writes it in place has come to rest by then. */
const MIN_AGE = '10m';

/** Reads a file of schedules, and the specs that it names. Throws InvalidSpec that lists every problem at once, BadUsage. */
export async function readScheduleFile(file: string): Promise<WantedSchedule[]> {
  return schedulesOf(await readSpecFile(file), async (name) => readSpecFile(resolve(dirname(file), name)));
}

/** The schedules that a file's content wants; `specFile` gives what a named file holds. Throws InvalidSpec. */
export async function schedulesOf(
  content: unknown,
  specFile: (name: string) => Promise<unknown>,
): Promise<WantedSchedule[]> {
  const parsed = File.safeParse(content);
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(describe));
  const problems: string[] = [];
  const wanted: WantedSchedule[] = [];
  for (const [
    i,
    { spec: given, name, at, cron, jitter, catchUp, paused },
  ] of parsed.data.schedules.entries()) {
    const where = `schedules[${i}]`;
    if ((at === undefined) === (cron === undefined)) {
      problems.push(`${where}: needs a time, one of "at" and "cron"`);
    }
    const spec = typeof given === 'string' ? await specFile(given) : given;
    try {
      const full = parseSpec(nightly(spec));
      const timing = { ...(at && { at }), ...(cron && { cron }), jitter, catchUp };
      const id = scheduleIdOf(full.domain, name);
      if (wanted.some((each) => each.id === id)) {
        problems.push(`${where}: ${id} stands there twice; give one another name`);
      }
      wanted.push({
        id,
        domain: full.domain,
        timing,
        spec: nightly(spec) as FullSpec,
        ...(paused !== undefined && { paused }),
      });
    } catch (error) {
      if (!(error instanceof InvalidSpec)) throw error;
      const [, ...lines] = error.reason.split('\n  - ');
      const from = typeof given === 'string' ? ` (${given})` : '';
      problems.push(...lines.map((line) => `${where}.spec${from}: ${line}`));
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return wanted;
}

/** A spec with what a schedule adds to it. */
function nightly(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return spec;
  const { input } = spec as { input?: unknown };
  const aged =
    typeof input === 'object' && input !== null ? { input: { minAge: MIN_AGE, ...(input as object) } } : {};
  return { ...NIGHTLY, ...spec, ...aged };
}

function invalid(problems: readonly string[]): InvalidSpec {
  return new InvalidSpec(
    `the schedules have ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((each) => `  - ${each}`).join('\n')}`,
  );
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const at = path === '' ? 'the file' : path;
  if (issue.code !== 'unrecognized_keys') return [`${at}: ${issue.message}`];
  const known = Object.keys(issue.path.length === 0 ? File.shape : schedule.shape);
  return issue.keys.map(
    (key) => `${path === '' ? key : `${path}.${key}`}: unknown key${suggest(key, known)}`,
  );
}

/** `biomed`, `biomed/nightly` or the id itself. Undefined when it is none of these. */
export function parseScheduleId(text: string): string | undefined {
  const [, domain = '', name] = /^(?:ingest\/)?([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  return DOMAIN.test(domain) ? scheduleIdOf(domain, name) : undefined;
}
