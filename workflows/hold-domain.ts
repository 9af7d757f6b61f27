import { CancellationScope, ContinueAsNew, log, sleep } from '@temporalio/workflow';
import type { ObjectRef, Results, RunRef } from './contract.ts';
import type { IngestState } from './ingest-state.ts';
import { activities } from './limits.ts';

/**
 * Does the work of an incremental run while it holds its domain, and gives its publication. The entry of the log that makes
 * it visible lets go of the domain; whatever else ends the work does so here, cancellation too. A run that has published
 * before has no work.
 */
export async function inDomain(
  state: IngestState,
  work: (base: ObjectRef) => Promise<ObjectRef | null>,
): Promise<ObjectRef | null> {
  const { opened, parking } = state;
  const { domain, run: name, generation } = opened;
  const holder = { run: { domain, run: name }, ...(generation && { generation }) };
  try {
    const held = await state.phase('domain', () => waitForDomain(state, holder));
    if (held.state === 'published') return held.publication;
    const publication = await work(held.base);
    if (publication === null) await parking.mended(() => activities.closeDomain(holder));
    return publication;
  } catch (error) {
    // It goes on in a new execution, and holds the domain all the while.
    if (error instanceof ContinueAsNew) throw error;
    // Why the run ends matters more than that its domain stays closed to others: `abandon` opens it.
    await CancellationScope.nonCancellable(() => activities.closeDomain(holder)).catch((failure) =>
      log.warn('the domain could not be closed', { failure: String(failure) }),
    );
    throw error;
  }
}

/** Asks for the domain until it is free; no order is promised among those that wait. */
async function waitForDomain(
  state: IngestState,
  holder: { run: RunRef; generation?: number },
): Promise<Results['domain']> {
  for (;;) {
    const answer = await state.parking.mended(() => activities.openDomain(holder));
    state.waitFor(answer.state === 'taken' ? answer.by : null);
    if (answer.state !== 'taken') return answer;
    await sleep(state.askAgainMs);
    await state.goOnAnew();
  }
}
