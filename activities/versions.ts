/** Versions of the stages: part of every fingerprint and of a run's pins. Raise one when its output's bytes change. */
export const STAGE_VERSIONS = {
  plan: 1,
  scan: 1,
  dedupe: 1,
  synthesize: 1,
  template: 2,
  settle: 1,
  mix: 1,
  exchange: 1,
  shards: 1,
  publish: 2,
} as const;
export type Stage = keyof typeof STAGE_VERSIONS;
