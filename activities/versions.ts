/** Versions of the stages: part of every fingerprint and of a run's pins. Raise one when its output's bytes change. */
export const STAGE_VERSIONS = {
  plan: 3,
  benchmarks: 1,
  scan: 3,
  dedupe: 3,
  synthesize: 3,
  judge: 1,
  filter: 3,
  template: 7,
  settle: 2,
  mix: 2,
  exchange: 3,
  shards: 3,
  segment: 1,
  publish: 6,
} as const;
export type Stage = keyof typeof STAGE_VERSIONS;
