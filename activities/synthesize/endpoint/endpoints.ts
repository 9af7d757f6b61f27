import { named } from '../../services.ts';
import type { EndpointSettings } from '../../settings.ts';
import { type EndpointClient, openEndpointClient } from './client.ts';
import type { EndpointStatistics } from './statistics.ts';

/** The endpoints of a worker's configuration, each with one client that all its rounds share. */
export interface Endpoints {
  /**
   * The client for one round: its requests wait behind those of the rounds before it. Throws UnknownName, InvalidConfig.
   */
  client(name: string): EndpointClient;
  settings(name: string): EndpointSettings;
  /** Of the endpoints that have been asked for, by name. */
  statistics(): Map<string, EndpointStatistics>;
  close(): Promise<void>;
}

export function openEndpoints(settings: Record<string, EndpointSettings>): Endpoints {
  const open = new Map<string, EndpointClient>();
  return {
    client(name) {
      const found = open.get(name) ?? openEndpointClient(name, named('endpoint', name, settings));
      open.set(name, found);
      return found.line();
    },
    settings: (name) => named('endpoint', name, settings),
    statistics: () => new Map([...open].map(([name, client]) => [name, client.statistics()])),
    async close() {
      await Promise.all([...open.values()].map((client) => client.close()));
    },
  };
}
