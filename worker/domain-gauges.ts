import type { Client } from '@temporalio/client';
import type { MetricMeter } from '@temporalio/common';
import type { Publication } from '../activities/publish/publication.ts';
import { readJson } from '../lake/commit.ts';
import { readHead } from '../lake/log.ts';
import type { ObjectStore } from '../lake/store.ts';
import { nameOf } from './log-attributes.ts';

export interface DomainGauges {
  /** A run of a domain published or found nothing new, in milliseconds since 1970. */
  succeeded(domain: string, at: number): void;
  /** Asks for a look into the domain's log at the next sample. */
  look(domain: string): void;
  /** Looks once, and tells. What cannot be read is left as it was, and tried again next time. */
  sample(): Promise<void>;
}

/** Gauges of domains: when each last succeeded, and whether nights of it are to be expected. */
export function openDomainGauges({
  client,
  store,
  meter,
}: {
  client: Client;
  store: ObjectStore;
  meter: MetricMeter;
}): DomainGauges {
  const success = meter.createGauge(
    'instruct_lake_last_success_seconds',
    'int',
    's',
    'When a run of a domain last published or found nothing new, seconds since 1970.',
  );
  const scheduled = meter.createGauge(
    'instruct_lake_scheduled',
    'int',
    '1',
    'Whether a schedule, paused or not, starts runs of a domain.',
  );
  const last = new Map<string, number>();
  /** Domains whose log is still to be read; undefined until the lake has been listed. */
  let unread: Set<string> | undefined;
  /** Whether each domain that was ever met has a schedule. */
  const nightly = new Map<string, boolean>();

  function succeeded(domain: string, at: number): void {
    last.set(domain, Math.max(last.get(domain) ?? 0, Math.floor(at / 1000)));
  }
  /** When domains last published: Temporal forgets runs after some days, the lake does not. */
  async function readLake(): Promise<void> {
    if (unread === undefined) {
      const found = new Set<string>();
      for await (const { key } of store.list('index/')) found.add(key.split('/')[1] ?? '');
      unread = found;
    }
    for (const domain of unread) {
      try {
        const published = (await readHead(store, domain)).entry.published.at(-1);
        if (published !== undefined) {
          const { provenance } = await readJson<Publication>(store, published.publication);
          const { publishedAt } = await readJson<{ publishedAt: string }>(store, provenance);
          succeeded(domain, Date.parse(publishedAt));
        }
        unread.delete(domain);
      } catch {
        // The neighbours are no worse for it.
      }
    }
  }
  async function readSchedules(): Promise<void> {
    const now = new Set<string>();
    for await (const { scheduleId, action } of client.schedule.list()) {
      if (action?.workflowType !== 'ingestDomain') continue;
      const domain = nameOf(scheduleId)?.domain ?? (await domainOf(scheduleId));
      if (domain !== undefined) now.add(domain);
    }
    for (const domain of [...nightly.keys(), ...last.keys(), ...now]) nightly.set(domain, now.has(domain));
  }
  /** Of a schedule with a name of its own: the ids of its runs say it. */
  async function domainOf(scheduleId: string): Promise<string | undefined> {
    const { action } = await client.schedule.getHandle(scheduleId).describe();
    return nameOf(action.workflowId)?.domain;
  }
  return {
    succeeded,
    look: (domain) => void unread?.add(domain),
    async sample() {
      await readLake().catch(() => {});
      await readSchedules().catch(() => {});
      for (const [domain, at] of last) success.set(at, { domain });
      for (const [domain, is] of nightly) scheduled.set(is ? 1 : 0, { domain });
    },
  };
}
