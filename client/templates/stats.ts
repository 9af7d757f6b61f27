import { withoutDropped } from '../../activities/filter/chains.ts';
import { readDropped } from '../../activities/filter/pair-table.ts';
import { readLists } from '../../activities/lists.ts';
import { isCorpus } from '../../activities/plan/inputs.ts';
import { readPins } from '../../activities/plan/pins.ts';
import { readPublishInput } from '../../activities/publish/provenance.ts';
import { chainsOf, type Entry } from '../../activities/synthesize/entry.ts';
import { readEntries } from '../../activities/synthesize/entry-table.ts';
import { walkBack } from '../../activities/synthesize/slots.ts';
import { checkPools } from '../../activities/template/pinned.ts';
import type { Mode } from '../../activities/template/pool-file.ts';
import { defaultPools } from '../../activities/template/pools.ts';
import { renderChain } from '../../activities/template/render.ts';
import { type PoolStatistics, poolStatistics, statisticsOf } from '../../activities/template/stats.ts';
import { readCommit } from '../../lake/commit.ts';
import { groupBy } from '../../lake/group-by.ts';
import { chainId } from '../../lake/identity.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, RunRef } from '../../workflows/contract.ts';
import { requirePublished } from '../published.ts';

/** How varied the wording of a run is. */
export interface TemplateStatistics {
  chains: number;
  /** Chains by mode. */
  modes: Partial<Record<Mode, number>>;
  /** By pool: how often a wording was drawn of it, and how varied those are. */
  pools: Record<string, PoolStatistics & { draws: number }>;
}

/** How varied the pools are by themselves: what a run with chains without end would come to. */
export const poolsStatistics = (): Record<string, PoolStatistics> =>
  Object.fromEntries(
    Object.entries(defaultPools().pools).map(([name, pool]) => [name, poolStatistics(pool)]),
  );

/**
 * Draws the wording of every chain of a published run again, and counts what was drawn. Throws RunNotFound, and PinMismatch where this
 * release has other pools.
 */
export async function templateStatistics(store: ObjectStore, run: RunRef): Promise<TemplateStatistics> {
  const { publication } = await requirePublished(store, run);
  const pins = await readPins(store, run);
  checkPools(pins);
  const { documents } = await readPublishInput(store, publication);
  const corpora = Object.entries(documents).flatMap(([name, lists]) => (isCorpus(name) ? lists : []));
  const modes: Partial<Record<Mode, number>> = {};
  const drawn = new Map<string, Map<string, number>>();
  let chains = 0;
  for (const ref of await readLists(store, corpora)) {
    for (const chain of await chainsIn(store, ref)) {
      const id = chainId((chain[0] as Entry).id);
      const examples = chain.map(({ pairs }) => ({ context: '', pairs }));
      const { mode, wordings } = renderChain({ id, examples }, { seed: pins.spec.seed });
      chains++;
      modes[mode] = (modes[mode] ?? 0) + 1;
      for (const [pool, text] of Object.entries(wordings)) {
        const counts = drawn.get(pool) ?? new Map<string, number>();
        drawn.set(pool, counts.set(text, (counts.get(text) ?? 0) + 1));
      }
    }
  }
  const pools = Object.fromEntries(
    [...drawn].map(([pool, counts]) => {
      const draws = [...counts.values()].reduce((sum, count) => sum + count, 0);
      return [pool, { draws, ...statisticsOf(counts) }];
    }),
  );
  return { chains, modes, pools };
}

/** The chains of a partition that have pairs, without those that its filters dropped. */
async function chainsIn(store: ObjectStore, documents: ObjectRef): Promise<Entry[][]> {
  const [filter] = (await readCommit(store, documents)).inputs;
  if (filter === undefined) return [];
  const filtered = await readCommit(store, filter);
  const { rounds } = await walkBack(store, filtered.inputs[0] as ObjectRef);
  const dropped = await readDropped(store, filtered);
  const entries: Entry[] = [];
  for await (const some of readEntries(store, rounds)) entries.push(...some);
  return [...groupBy(entries, ({ slot }) => slot).values()]
    .flatMap((slot) => chainsOf(withoutDropped(slot, dropped)))
    .filter(([first]) => first !== undefined && first.pairs.length > 0);
}
