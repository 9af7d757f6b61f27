import type { Publication } from '../activities/publish/publication.ts';
import { type Guard, openShardMarks, type ShardMarks } from '../activities/publish/shard-marks.ts';
import { type Check, check, readManifest, verifyPublication } from '../activities/publish/verify.ts';
import { checkManifest } from '../activities/publish/verify-manifest.ts';
import { checkMarks } from '../activities/publish/verify-marks.ts';
import { checkRows } from '../activities/publish/verify-rows.ts';
import { checkSegment } from '../activities/segment/verify-segment.ts';
import { readChecked, readJson } from '../lake/commit.ts';
import { CorruptLake, RunNotFound } from '../lake/errors.ts';
import { checkLog, type LogEntry, publishedRun, readHead } from '../lake/log.ts';
import { printable } from '../lake/printable.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { PublishInput, RunRef } from '../workflows/contract.ts';
import { unlessCollected } from './gc/collected.ts';

/**
 * Looks at a run from the domain log down to the tokens. What does not hold is a check that is not ok. Throws
 * RunNotFound when the log names no such run, and what the store throws when it cannot be reached.
 */
export async function verifyRun(
  store: ObjectStore,
  { domain, run }: RunRef,
  report: (line: string) => void,
): Promise<Check[]> {
  const log = await check('domain log', async () => {
    const { entry } = await checkLog(store, domain);
    return `${entry.number} ${entry.number === 1 ? 'entry' : 'entries'}, each follows the one before by its hash`;
  });
  const { entry } = await readHead(store, domain);
  const published = publishedRun(entry, run);
  if (published === undefined) {
    throw new RunNotFound(
      `the log of domain ${domain} names no publication of run ${run}; \`instruct-lake status ${domain}/${run}\` says how far it is`,
      { bucket: store.bucket },
    );
  }
  const checks = [log];
  let publication: Publication | undefined;
  checks.push(
    await check('publication', async () => {
      const read = await readJson<Publication>(store, published.publication);
      if (read.domain !== domain || read.run !== run || read.generation !== published.generation) {
        throw new CorruptLake(
          `the publication is of ${read.domain}/${read.run}, generation ${read.generation}, not of generation ${published.generation}`,
          { bucket: store.bucket, key: published.publication.key },
        );
      }
      publication = read;
      return `generation ${read.generation}, its hash is the one in the log`;
    }),
  );
  if (publication === undefined) return checks;
  const { manifest, provenance, shards } = publication;
  const readable = await check('manifest', async () => {
    const core = await readManifest(store, manifest);
    await readChecked(store, provenance);
    if (core.shards.length !== shards.length) {
      throw new CorruptLake(
        `the manifest names ${core.shards.length} shards, the publication ${shards.length}`,
        {
          bucket: store.bucket,
          key: manifest.key,
        },
      );
    }
    return `manifest and provenance have their hashes; model ${core.pins.generator.model}`;
  });
  checks.push(readable);
  if (!readable.ok) return checks;
  const { segment } = published;
  if (segment !== undefined && segment.sha256 !== publication.segment?.sha256) {
    const look = async (): Promise<string> => {
      const { documents, sources } = await checkSegment(store, segment);
      return `merged from several: ${documents} documents of ${sources.length} sources`;
    };
    checks.push(await check('compacted index', look));
  }
  const { input } = await readJson<{ input?: PublishInput }>(store, provenance);
  report(`Reading ${shards.length} ${shards.length === 1 ? 'shard' : 'shards'} …`);
  if (input === undefined) return [...checks, ...(await verifyPublication(store, publication))];
  return [...checks, ...(await verifyContents(store, publication, input, entry))];
}

/** Looks at a publication, and holds it against what its run has committed: the manifest, and the texts that the shards were made of. */
async function verifyContents(
  store: ObjectStore,
  publication: Publication,
  input: PublishInput,
  entry: LogEntry,
): Promise<Check[]> {
  const core = await readManifest(store, publication.manifest);
  const guard: Guard = (look) => unlessCollected(store, core, entry, look);
  /** What a look at the run's records says. */
  const behind = (what: string, look: () => Promise<string>): Promise<Check> =>
    check(what, async () => {
      let said = '';
      const unread = await guard(async () => {
        said = await look();
      });
      return unread ?? said;
    });
  const checks = [
    await behind('manifest computed again', () => checkManifest(store, core, publication, input)),
    await behind('marks of the protocol', () => checkMarks(store, input)),
  ];
  let marks: ShardMarks | undefined;
  const tokenizer = await check('tokenizer', async () => {
    marks = await openShardMarks(store, publication, core, input.documents, guard);
    return marks === undefined
      ? 'not in the lake: an earlier release began the run; what stands in the shards is not decoded'
      : `${printable(core.pins.tokenizer.name)} is in the lake, its hash is the one in the manifest`;
  });
  checks.push(tokenizer, ...(await verifyPublication(store, publication, () => {}, marks)));
  if (marks !== undefined) checks.push(await check('marks in the shards', marks.compare));
  checks.push(await check('rows of the shards', () => checkRows(store, core, publication.shards)));
  return checks;
}
