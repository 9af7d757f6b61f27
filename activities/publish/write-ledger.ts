import type { AttemptFolder, StageCommit } from '../../lake/commit.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { endpointOf } from '../../lake/spec.ts';
import { writeTable } from '../../lake/table.ts';
import type { RunPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { LEDGER, LEDGER_COLUMNS, LEDGER_ROUNDS, type LedgerOutputs, ledgerOf, ledgerRows } from './ledger.ts';
import type { ManifestCore } from './publication.ts';
import { usageBehind } from './usage-records.ts';

/** Writes what a run took of its endpoint; `corpus` are the commits of its partitions' documents. Prices are this worker's. */
export async function writeLedger(
  { store, settings }: Pick<Services, 'store' | 'settings'>,
  folder: AttemptFolder,
  pins: RunPins,
  corpus: readonly StageCommit[],
  core: ManifestCore,
): Promise<LedgerOutputs> {
  const { domain, run, spec, generator } = pins;
  const endpoint = endpointOf(spec);
  const prices = endpoint === null ? undefined : settings.endpoints[endpoint]?.prices;
  const records = await usageBehind(store, { domain, run }, corpus);
  const published = core.counts.texts.prompted;
  const ledger = ledgerOf(records, {
    run: { domain, run },
    endpoint,
    model: generator.model,
    prices,
    published,
  });
  return {
    ledger: await folder.put(LEDGER, canonicalJson(ledger), 'application/json'),
    ledgerRounds: await writeTable(folder, LEDGER_ROUNDS, LEDGER_COLUMNS, ledgerRows(records, prices)),
  };
}
