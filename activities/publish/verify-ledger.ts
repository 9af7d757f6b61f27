import { type Output, readJson } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readTable } from '../../lake/table.ts';
import { requestsOf, USAGE_FIELDS } from '../synthesize/usage.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import type { ManifestCore } from './publication.ts';

const COUNTED = ['prompted', 'setAside', 'shared', 'reused', 'requests', ...USAGE_FIELDS] as const;
/** Seconds are rounded in each row. */
const TOLERANCE = 0.01;

/** The ledger of a publication, its hash checked. */
export async function readLedger(store: ObjectStore, ledger: Output): Promise<Ledger> {
  return readJson<Ledger>(store, ledger);
}

/** Looks whether a ledger adds up, and says of entries what the manifest says. Throws VerifyFailed on the first that does not hold. */
export async function checkLedger(
  store: ObjectStore,
  core: Pick<ManifestCore, 'counts' | 'failedSources'>,
  outputs: { ledger: Output; ledgerRounds: Output },
): Promise<string> {
  const ledger = await readLedger(store, outputs.ledger);
  const rows = await readTable(store, outputs.ledgerRounds, [...COUNTED]);
  const problem = ledgerProblem(ledger, core) ?? sumProblem('ledger.parquet', rows as never, ledger.total);
  if (problem !== undefined) {
    throw new VerifyFailed(`the ledger does not balance: ${problem}`, {
      bucket: store.bucket,
      key: outputs.ledger.key,
    });
  }
  const { total } = ledger;
  const reused = total.reused > 0 ? ` + ${total.reused} of earlier generations` : '';
  return `${total.prompted} prompted = ${total.answers} answers + ${total.shared} shared${reused} + ${total.setAside} set aside, in ${total.requests} requests`;
}

/** What is wrong with a ledger; undefined when it is right. */
export function ledgerProblem(
  { total, rounds, unpublished }: Ledger,
  { counts, failedSources }: Pick<ManifestCore, 'counts' | 'failedSources'>,
): string | undefined {
  for (const { round, ...row } of [{ round: -1, ...total }, ...rounds]) {
    const where = round < 0 ? 'the run' : `round ${round}`;
    if (row.prompted !== row.answers + row.shared + row.reused + row.setAside)
      return `in ${where} ${row.prompted} were prompted, and ${row.answers} answered + ${row.shared} shared + ${row.reused} of earlier generations + ${row.setAside} set aside`;
    if (row.requests !== requestsOf(row)) return `the requests of ${where} do not add up`;
    if (row.cachedTokens > row.promptTokens) return `${where} has more cached tokens than prompt tokens`;
  }
  const sums = sumProblem('its rounds', rounds, total);
  if (sums !== undefined) return sums;
  const { texts, usage } = counts;
  if (total.prompted !== texts.prompted + unpublished)
    return `${total.prompted} were prompted, the manifest says ${texts.prompted} and ${unpublished} are unpublished`;
  if (unpublished < 0 || (unpublished > 0 && failedSources.length === 0))
    return `${unpublished} prompted texts are unpublished, and no source has failed`;
  if (unpublished > 0) return undefined;
  if (total.setAside !== texts.setAside)
    return `${total.setAside} were set aside, the manifest says ${texts.setAside}`;
  // An entry that shares an answer, has one of before, or was asked again, counts tokens that the ledger has elsewhere.
  for (const [name, used, wasted] of [
    ['promptTokens', total.promptTokens, total.wastedPromptTokens],
    ['completionTokens', total.completionTokens, total.wastedCompletionTokens],
  ] as const) {
    const exact = total.shared === 0 && total.reused === 0;
    if (usage[name] < used || (exact && usage[name] > used + wasted))
      return `entries count ${usage[name]} ${name}, the ledger ${used} and ${wasted} wasted`;
  }
  return undefined;
}

function sumProblem(
  what: string,
  rows: readonly Pick<LedgerRow, (typeof COUNTED)[number]>[],
  total: LedgerRow,
): string | undefined {
  for (const name of COUNTED) {
    const sum = rows.reduce((all, row) => all + Number(row[name]), 0);
    if (Math.abs(sum - total[name]) > (name === 'seconds' ? TOLERANCE + rows.length / 1000 : 0))
      return `${name} of ${what} add up to ${sum}, the run has ${total[name]}`;
  }
  return undefined;
}
