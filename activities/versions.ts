/** Versions of the stages: part of every fingerprint and of a run's pins. Raise one when its output's bytes change. */
export const STAGE_VERSIONS = {
  plan: 2,
  scan: 3,
  dedupe: 3,
  synthesize: 2,
  judge: 1,
  filter: 1,
  template: 3,
  settle: 1,
  mix: 1,
  exchange: 1,
  shards: 1,
  publish: 3,
} as const;
export type Stage = keyof typeof STAGE_VERSIONS;
