import { readFileSync } from 'node:fs';

/** What the simulated endpoint can do. All of it is in settings.json, so that a figure can be had again. */
export interface EndpointSettings {
  model: string;
  /** Tokens of a prompt and its answer together. */
  window: number;
  /** Requests that are worked on at once; the others wait in the order in which they came. */
  slots: number;
  /** New tokens that a slot makes in a second, whatever the other slots do. */
  tokensPerSecond: number;
  /** Tokens of a prompt that a slot reads in a second, but for those in the prefix cache. */
  prefillTokensPerSecond: number;
  /** Pairs of an answer, at least and at most. */
  pairs: [number, number];
  cache: { blockTokens: number; blocks: number };
  /** Share of the requests that break off after part of their time: with a 500, or a reset connection. */
  failures?: number;
  /** Share of the requests that take `factor` times their time, in their slot. */
  stragglers?: { rate: number; factor: number };
  /** Waiting requests at most; more are refused with 429. Without it any number waits, as in vLLM. */
  queue?: { bound: number; retryAfterSeconds: number };
  /** After so many seconds of service everything in hand is lost, and nobody listens for a while. */
  crashes?: { everySeconds: number; forSeconds: number };
}

interface SettingsFile extends EndpointSettings {
  scenarios: Record<string, Partial<EndpointSettings>>;
}

/** The settings with those of a scenario. Throws an Error that names the scenarios when there is none of that name. */
export function endpointSettings(scenario: string): EndpointSettings {
  const text = readFileSync(new URL('./settings.json', import.meta.url), 'utf8');
  const { scenarios, ...settings } = JSON.parse(text) as SettingsFile;
  const changes = scenarios[scenario];
  if (changes === undefined) {
    throw new Error(`no scenario ${scenario}; there are ${Object.keys(scenarios).join(', ')}`);
  }
  return { ...settings, ...changes };
}
