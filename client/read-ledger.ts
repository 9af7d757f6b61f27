import { readPins } from '../activities/plan/pins.ts';
import { type Ledger, ledgerOf } from '../activities/publish/ledger.ts';
import { usageSoFar } from '../activities/publish/usage-records.ts';
import { readLedger } from '../activities/publish/verify-ledger.ts';
import { endpointOf } from '../lake/spec.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { RunRef } from '../workflows/contract.ts';
import { readPublished } from './published.ts';

/** A run's ledger: the one that it published, or what its rounds have taken so far. */
export interface RunLedger {
  published: boolean;
  /** Rounds that have not committed: their answers are in it all the same. */
  open: number;
  ledger: Ledger;
}

/**
 * The ledger of a run from the lake. One that has not published (it runs, it failed) is added up from its rounds, without
 * money: prices are known to the worker alone. Throws RunNotFound.
 */
export async function readRunLedger(store: ObjectStore, run: RunRef): Promise<RunLedger> {
  const pins = await readPins(store, run);
  const published = (await readPublished(store, run))?.publication;
  const ledger = published?.ledger;
  if (ledger !== undefined) return { published: true, open: 0, ledger: await readLedger(store, ledger) };
  if (published !== undefined && pins.from !== undefined) {
    // What it begins on was paid for there.
    const about = { run, endpoint: null, model: pins.generator.model, prices: undefined, published: 0 };
    return { published: true, open: 0, ledger: ledgerOf([], about) };
  }
  const { records, open } = await usageSoFar(store, run);
  const endpoint = endpointOf(pins.spec);
  const about = { run, endpoint, model: pins.generator.model, prices: undefined, published: undefined };
  return { published: false, open, ledger: ledgerOf(records, about) };
}
