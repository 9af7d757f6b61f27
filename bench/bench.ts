import type { Comparison } from './harness.ts';

export interface Settings {
  runs: number;
  /** Text in the generated file, in 10^6 bytes. */
  mb: number;
  /** The built package that is measured. */
  dist: string;
  /** Another build of it, to compare with. */
  vs: string | undefined;
  /** Texts that the endpoint is asked about. */
  texts: number;
  /** What the simulated endpoint does besides answering, by names of its settings. */
  scenarios: readonly string[];
  note: (line: string) => void;
  /** Ends the bench. */
  signal: AbortSignal;
}

/** One comparison of a bench, on one input. */
export interface Case {
  name: string;
  /** What was worked on, as facts for people and for the record. */
  input: Record<string, string | number>;
  comparison: Comparison;
}

/** What a bench found: a table for people, and what goes into the record. */
export interface Outcome {
  name: string;
  table: string;
  record: Record<string, unknown>;
}

export interface Findings {
  outcomes: Outcome[];
  versions: Record<string, string>;
}

export interface Bench {
  name: string;
  /** One line for `--help`. */
  about: string;
  /** How often each contender runs unless told otherwise. */
  runs: number;
  /** Throws OutputsDiffer when there is nothing to compare, and any Error when a contender fails. */
  run: (settings: Settings) => Promise<Findings>;
}
