import { findPins } from '../../activities/plan/pins.ts';
import { atOnce } from '../../lake/at-once.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { type LogEntry, readHead, readLog } from '../../lake/log.ts';
import type { ObjectStore, UnfinishedUpload } from '../../lake/store.ts';
import type { ObjectRef, RunRef } from '../../workflows/contract.ts';
import { folderOf } from './reachable.ts';
import { findGarbage, type Garbage, type RunGarbage, type Why } from './run-garbage.ts';

const DAY_MS = 86_400_000;
/** Uploads in parts that nobody has completed for so long are nobody's. */
const UPLOAD_DAYS = 7;
/** Generations of a run that are kept with all they rest on. */
const GENERATIONS = 2;

/** Pins that are read at once. */
const READS = 16;

/** What is looked at: everything, a domain, or one run. */
export interface GcScope {
  domain?: string;
  run?: string;
}
export interface GcOptions {
  /** Nothing that was written within so many milliseconds is touched. */
  graceMs: number;
  /** Whether recorded answers may go too. */
  answers: boolean;
  /** Whether it is done, not only said. */
  remove: boolean;
  now: number;
  /** Why a run must be left alone: it runs, for instance. */
  busy: (run: RunRef) => Promise<string | undefined>;
  report: (line: string) => void;
}
export interface RunReport extends RunRef {
  /** Why it was left alone. */
  skipped?: string;
  objects: number;
  bytes: number;
  /** Bytes by reason. */
  why: Partial<Record<Why | 'merged', number>>;
}
export interface GcReport {
  removed: boolean;
  runs: RunReport[];
  /** Merged segments of the domains that nothing names any more. */
  segments: { domain: string; objects: number; bytes: number }[];
  uploads: UnfinishedUpload[];
}

/**
 * Says what of closed runs nothing needs any more, and takes it away where that is wanted: work that was never committed
 * (made void first), leftovers of attempts, generations before the last two, merged segments that were merged again, and
 * uploads that nobody completed. Killed at any point it has taken away nothing that is needed, and can be called again.
 */
export async function collectGarbage(
  store: ObjectStore,
  scope: GcScope,
  options: GcOptions,
): Promise<GcReport> {
  const { now, remove, report } = options;
  const runs: RunReport[] = [];
  const segments: GcReport['segments'] = [];
  for (const [domain, names] of await runsIn(store, scope)) {
    const head = (await readHead(store, domain)).entry;
    const publications = await publicationsOf(store, domain);
    const begunOn = await readBegunOn(store, domain, head, names, options);
    for (const name of names) {
      const run = { domain, run: name };
      report(`looking at ${domain}/${name}`);
      const own = publications.get(name) ?? [];
      runs.push(await collectRun(store, run, head, own, begunOn.get(name) ?? [], options));
    }
    if (scope.run === undefined) segments.push(await collectSegments(store, domain, head, options));
  }
  const uploads = await staleUploads(store, scope, now);
  if (remove) for (const upload of uploads) await store.abort(upload);
  return { removed: remove, runs, segments: segments.filter(({ objects }) => objects > 0), uploads };
}

async function collectRun(
  store: ObjectStore,
  run: RunRef,
  { open, published }: LogEntry,
  publications: readonly ObjectRef[],
  begunOn: readonly ObjectRef[],
  { graceMs, answers, remove, now, busy }: GcOptions,
): Promise<RunReport> {
  const nothing = { ...run, objects: 0, bytes: 0, why: {} };
  const held = open?.run === run.run ? 'it holds its domain' : undefined;
  const skipped = held ?? (await busy(run));
  if (skipped !== undefined) return { ...nothing, skipped };
  const live = published.some((each) => each.run === run.run);
  // What others begin on stays as long as they do, whatever becomes of the run itself.
  const kept = [...(live ? publications.slice(-GENERATIONS) : []), ...begunOn];
  const garbage = await findGarbage(store, run, { kept, before: now - graceMs, answers });
  if (!remove) return { ...nothing, ...sumOf(garbage.objects) };
  // What has begun since is not swept: it would find its work void, and do it again.
  const begun = await busy(run);
  if (begun !== undefined) return { ...nothing, skipped: begun };
  return { ...nothing, ...sumOf(await sweep(store, garbage)) };
}

/** Makes void what was never committed, then takes away what may go: commits before what they name. */
async function sweep(store: ObjectStore, { objects, voids }: RunGarbage): Promise<Garbage[]> {
  const committed = new Set<string>();
  for (const { key, fp } of voids) {
    const body = canonicalJson({ void: true, fp });
    const put = await store.put(key, body, { ifNoneMatch: true, contentType: 'application/json' });
    const folder = folderOf(key);
    if (put === 'exists' && folder !== undefined) committed.add(folder);
  }
  const going = objects.filter(({ key }) => !committed.has(folderOf(key) ?? ''));
  const isCommit = ({ key }: Garbage): boolean => key.endsWith('/_commit.json');
  await store.delete(going.filter(isCommit).map(({ key }) => key));
  await store.delete(going.filter((each) => !isCommit(each)).map(({ key }) => key));
  return going;
}

/** The names of runs by domain, in order. */
async function runsIn(store: ObjectStore, { domain, run }: GcScope): Promise<Map<string, Set<string>>> {
  const runs = new Map<string, Set<string>>();
  if (domain !== undefined && run !== undefined) return runs.set(domain, new Set([run]));
  for await (const { key } of store.list(domain === undefined ? 'runs/' : `runs/${domain}/`)) {
    const [, name = '', of = ''] = /^runs\/([^/]+)\/([^/]+)\//.exec(key) ?? [];
    if (of !== '') runs.set(name, (runs.get(name) ?? new Set()).add(of));
  }
  return runs;
}

/**
 * The publications that other runs begin on, by their runs: of those that are published or under way. Those that were retracted, or
 * ended without a publication, hold nothing but for those that begin on them.
 */
async function readBegunOn(
  store: ObjectStore,
  domain: string,
  { published }: LogEntry,
  names: ReadonlySet<string>,
  { busy }: Pick<GcOptions, 'busy'>,
): Promise<Map<string, ObjectRef[]>> {
  const live = new Set(published.map(({ run }) => run));
  const runs = [...new Set([...live, ...names])];
  const found = new Map<string, ObjectRef[]>();
  for (let next = runs; next.length > 0; ) {
    const behind: string[] = [];
    for (const pins of await atOnce(next, READS, (run) => findPins(store, { domain, run }))) {
      if (pins?.from === undefined) continue;
      const holds = live.has(pins.run) || found.has(pins.run);
      if (!holds && (await busy({ domain, run: pins.run })) === undefined) continue;
      for (const { run, publication } of [pins.from, ...(pins.from.also ?? [])]) {
        // What that one began on is behind this one, too, though it may be published no more.
        if (!found.has(run) && !live.has(run)) behind.push(run);
        found.set(run, [...(found.get(run) ?? []), publication]);
      }
    }
    next = behind;
  }
  return found;
}

/** All publications that the log of a domain has ever named, by run, in the order of their generations. */
async function publicationsOf(store: ObjectStore, domain: string): Promise<Map<string, ObjectRef[]>> {
  const found = new Map<string, Map<string, ObjectRef>>();
  for await (const { entry } of readLog(store, domain)) {
    for (const { run, publication } of entry.published) {
      const own = found.get(run) ?? new Map<string, ObjectRef>();
      found.set(run, own);
      // One that was retracted and published again stands last.
      own.delete(publication.sha256);
      own.set(publication.sha256, publication);
    }
  }
  return new Map([...found].map(([run, own]) => [run, [...own.values()]]));
}

/** Merged segments that the head of the log does not name: others have taken their place. */
async function collectSegments(
  store: ObjectStore,
  domain: string,
  { published, open }: LogEntry,
  { graceMs, now, remove }: GcOptions,
): Promise<GcReport['segments'][number]> {
  const prefix = `index/${domain}/segments/`;
  const folders = new Map<string, { keys: string[]; bytes: number; newest: number }>();
  for await (const { key, size, modified } of store.list(prefix)) {
    const name = key.slice(prefix.length).split('/')[0] ?? '';
    const folder = folders.get(name) ?? { keys: [], bytes: 0, newest: 0 };
    folders.set(name, folder);
    folder.keys.push(key);
    folder.bytes += size;
    folder.newest = Math.max(folder.newest, modified);
  }
  const live = new Set(
    published.flatMap(({ segment }) => segment?.key.slice(prefix.length).split('/')[0] ?? []),
  );
  // A run that holds the domain may have opened the index when it was another.
  const gone = [...folders].filter(
    ([name, { newest }]) => open === null && !live.has(name) && newest <= now - graceMs,
  );
  const keys = gone.flatMap(([, folder]) => folder.keys);
  if (remove) await store.delete(keys);
  return { domain, objects: keys.length, bytes: gone.reduce((sum, [, { bytes }]) => sum + bytes, 0) };
}

/** Uploads under our own prefixes that have been unfinished for a week; what others put under `raw/` is theirs. */
async function staleUploads(
  store: ObjectStore,
  { domain, run }: GcScope,
  now: number,
): Promise<UnfinishedUpload[]> {
  const prefixes =
    run !== undefined
      ? [`runs/${domain}/${run}/`]
      : domain !== undefined
        ? [`runs/${domain}/`, `index/${domain}/`]
        : ['runs/', 'index/'];
  const stale: UnfinishedUpload[] = [];
  for (const prefix of prefixes) {
    for await (const upload of store.uploads(prefix)) {
      if (upload.begun <= now - UPLOAD_DAYS * DAY_MS) stale.push(upload);
    }
  }
  return stale;
}

function sumOf(objects: readonly Garbage[]): Pick<RunReport, 'objects' | 'bytes' | 'why'> {
  const why: RunReport['why'] = {};
  let bytes = 0;
  for (const each of objects) {
    bytes += each.size;
    why[each.why] = (why[each.why] ?? 0) + each.size;
  }
  return { objects: objects.length, bytes, why };
}
