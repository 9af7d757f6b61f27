import { type Output, readJson } from '../../lake/commit.ts';
import { LakeError, VerifyFailed } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { printable } from '../../lake/printable.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { openTable } from '../../lake/table.ts';
import { readFigures } from '../judge/figures.ts';
import { checkPublishedSegment } from '../segment/verify-segment.ts';
import type { ContaminationReport, ManifestCore, Publication, RunCounts } from './publication.ts';
import { checkLedger } from './verify-ledger.ts';
import { type ContentCheck, checkShard } from './verify-shard.ts';

/** One thing that was looked at. */
export interface Check {
  what: string;
  ok: boolean;
  detail: string;
}

/**
 * Looks at a publication from its objects alone: hashes, indexes, every document's end, and that all counts balance; what stands in the
 * documents is for `contents`.
 */
export async function verifyPublication(
  store: ObjectStore,
  publication: Publication,
  onShard: () => void = () => {},
  contents?: ContentCheck,
): Promise<Check[]> {
  const core = await readManifest(store, publication.manifest);
  const checks = [...balance(core)];
  const { judge, duplicates } = publication;
  if (duplicates !== undefined) {
    checks.push(await check('duplicates', () => checkDuplicates(store, core, duplicates)));
  }
  if (judge !== undefined) {
    const look = async (): Promise<string> => {
      const { judged, sampled, model } = await readFigures(store, judge);
      return `${judged} of ${sampled} pairs judged by ${printable(model, '')}`;
    };
    checks.push(await check('judge', look));
  }
  const { ledger, ledgerRounds } = publication;
  if (ledger !== undefined && ledgerRounds !== undefined) {
    checks.push(await check('ledger', () => checkLedger(store, core, { ledger, ledgerRounds })));
  }
  const { contamination } = publication;
  if (contamination !== undefined) {
    checks.push(await check('contamination', () => checkContamination(store, core, contamination)));
  }
  const { segment } = publication;
  if (segment !== undefined) {
    const look = (): Promise<string> => checkPublishedSegment(store, publication, segment, core, onShard);
    checks.push(await check('index segment', look));
  }
  for (const shard of publication.shards) {
    onShard();
    checks.push(await check(`shard ${shard.name}`, () => checkShard(store, core, shard, contents)));
  }
  return checks;
}

/** The manifest of a publication, its hash checked. */
export async function readManifest(store: ObjectStore, manifest: Output): Promise<ManifestCore> {
  return readJson<ManifestCore>(store, manifest);
}

/** Runs one look; what it throws is what is wrong. */
export async function check(what: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    if (error instanceof LakeError && error.family === 'environment') throw error;
    return { what, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

const sumOf = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** What is dropped for words of evaluation sets: as its stage counts it, and as what was found does. */
function contaminatedOf({ rows, pairs, instructions, contamination }: RunCounts) {
  const records = Object.entries(contamination?.records ?? {});
  const dropped = (is: (record: string) => boolean): number =>
    records.reduce((sum, [record, each]) => sum + (is(record) ? each.dropped : 0), 0);
  return [
    ['documents', rows.rejectReasons.contaminated ?? 0, dropped((each) => each === 'document')],
    ['pairs', pairs.filtered.contaminated ?? 0, dropped((each) => each === 'pair')],
    [
      'instructions',
      instructions.rejectReasons.contaminated ?? 0,
      dropped((each) => each.startsWith('instructions-')),
    ],
  ] as const;
}

/** Nothing lost, nothing twice: from rows in to tokens out. */
export function balance({ counts, mix, shards }: ManifestCore): Check[] {
  const { rows, texts, pairs, documents, instructions } = counts;
  const total = (of: (each: { documents: number; tokens: number }) => number): number =>
    shards.reduce((sum, each) => sum + of(each), 0);
  const equal = (what: string, left: number, right: number, detail: string): Check => ({
    what,
    ok: left === right,
    detail: `${detail}: ${left} = ${right}`,
  });
  const contaminated = contaminatedOf(counts);
  return [
    equal(
      'rows balance',
      rows.planned,
      rows.kept + rows.duplicates + rows.heldBack + rows.rejects + rows.failed,
      `planned = kept ${rows.kept} + duplicates ${rows.duplicates} + held back ${rows.heldBack} + rejects ${rows.rejects} + failed ${rows.failed}`,
    ),
    equal('rejects balance', rows.rejects, sumOf(rows.rejectReasons), 'rejects = sum over reasons'),
    equal(
      'instruction rows balance',
      instructions.planned,
      instructions.documents + instructions.rejects + instructions.failed,
      `planned = documents ${instructions.documents} + rejects ${instructions.rejects} + failed ${instructions.failed}`,
    ),
    equal(
      'instruction rejects balance',
      instructions.rejects,
      sumOf(instructions.rejectReasons),
      'rejects = sum over reasons',
    ),
    {
      what: 'contamination balances',
      ok: contaminated.every(([, counted, dropped]) => counted === dropped),
      detail: contaminated.map(([what, counted, dropped]) => `${what} ${counted} = ${dropped}`).join(', '),
    },
    equal(
      'kept rows balance',
      rows.kept,
      texts.converted + texts.raw,
      `kept = converted ${texts.converted} + raw ${texts.raw}`,
    ),
    {
      what: 'texts balance',
      ok: texts.withPairs + texts.setAside <= texts.prompted && texts.linked <= texts.withPairs,
      detail: `prompted ${texts.prompted}, with pairs ${texts.withPairs}, linked ${texts.linked}, set aside ${texts.setAside}`,
    },
    equal('drops balance', pairs.dropped, sumOf(pairs.reasons), 'dropped = sum over reasons'),
    equal(
      'pairs balance',
      pairs.valid,
      pairs.kept + sumOf(pairs.filtered),
      `valid = kept ${pairs.kept}${Object.entries(pairs.filtered)
        .map(([reason, n]) => ` + ${reason} ${n}`)
        .join('')}`,
    ),
    equal('kept pairs balance', pairs.kept, pairs.rendered, 'kept = in documents'),
    equal(
      'documents balance',
      documents.mixed,
      total((each) => each.documents),
      'mixed = in shards',
    ),
    equal(
      'tokens balance',
      documents.mixedTokens,
      total((each) => each.tokens),
      'mixed = in shards',
    ),
    equal(
      'mix balances',
      documents.mixedTokens,
      mix.reduce((sum, { got }) => sum + got, 0),
      'mixed = sum over sources',
    ),
  ];
}

/** Throws VerifyFailed where the report counts something else than the manifest. */
async function checkContamination(store: ObjectStore, core: ManifestCore, output: Output): Promise<string> {
  const { records, matches, sets } = await readJson<ContaminationReport>(store, output);
  if (canonicalJson({ records, matches }) !== canonicalJson(core.counts.contamination)) {
    const where = { bucket: store.bucket, key: output.key };
    throw new VerifyFailed('the report counts something else than the manifest', where);
  }
  return `${sets.length} evaluation sets, ${matches.reduce((sum, each) => sum + each.matches, 0)} matches`;
}

/** The table has a line for each dropped row; those of sources that failed later are in it as well. */
async function checkDuplicates(store: ObjectStore, core: ManifestCore, output: Output): Promise<string> {
  let { rows } = await openTable(store, output);
  // Of a mix of several runs each has its own.
  for (const { publication } of core.from?.also ?? []) {
    const { duplicates } = await readJson<Publication>(store, publication);
    if (duplicates !== undefined) rows += (await openTable(store, duplicates)).rows;
  }
  const { duplicates, heldBack } = core.counts.rows;
  if (rows < duplicates + heldBack) {
    throw new VerifyFailed(
      `the table names ${rows} dropped rows, the manifest counts ${duplicates} duplicates + ${heldBack} held back`,
      { bucket: store.bucket, key: output.key },
    );
  }
  return `${rows} dropped rows, each with the row that it was dropped for`;
}
