import { PinMismatch, RunNotFound, SpecConflict } from '../../lake/errors.ts';
import { canonicalJson, type Json } from '../../lake/hash.ts';
import { pinsKey } from '../../lake/layout.ts';
import type { FullSpec } from '../../lake/spec.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { STAGE_VERSIONS, type Stage } from '../versions.ts';

/** What a run holds fast from its start, in `run.json`: nothing that decides its bytes may change under it. */
export interface RunPins {
  domain: string;
  run: string;
  spec: FullSpec;
  stages: Record<Stage, number>;
  tokenizer: { name: string; sha256: string; bos: number | null; eos: number; highestId: number };
  generator: GeneratorPin;
  /** SHA-256 of the template pools. */
  pools: string;
  /** Version of the Unicode tables that dedupe folds text with. */
  unicode: string;
}

/** What a request's hash covers besides the prompt, and the window that prompts are fitted to. */
export interface GeneratorPin {
  name: string;
  model: string;
  window: number;
  newTokens: number;
  temperature: number;
}

/** Writes the pins of a run with If-None-Match, or finds the same there (`resumed`). Throws SpecConflict. */
export async function writePins(store: ObjectStore, pins: RunPins): Promise<{ resumed: boolean }> {
  const key = pinsKey(pins);
  const body = canonicalJson(pins);
  if ((await store.put(key, body, { ifNoneMatch: true, contentType: 'application/json' })) === 'written') {
    return { resumed: false };
  }
  const there = await readPins(store, pins);
  const spec = (of: RunPins) => canonicalJson(of.spec);
  if (spec(there) !== spec(pins)) {
    throw new SpecConflict(
      `run ${pins.domain}/${pins.run} exists already with another spec (${differences(there.spec, pins.spec)}); give this one another name with --run NAME`,
      { bucket: store.bucket, key },
    );
  }
  const changed = differences({ ...there, spec: null }, { ...pins, spec: null });
  if (changed !== '') {
    throw new PinMismatch(
      `run ${pins.domain}/${pins.run} was started with another ${changed}; use the same worker configuration, or start a new run`,
      { bucket: store.bucket, key },
    );
  }
  return { resumed: true };
}

/** The pins of a run. Throws RunNotFound, or PinMismatch when this worker's stages are of another version. */
export async function readPins(store: ObjectStore, run: RunRef): Promise<RunPins> {
  const key = pinsKey(run);
  const bytes = await store.find(key);
  if (bytes === undefined) {
    throw new RunNotFound(`there is no run ${run.domain}/${run.run} in the lake`, {
      bucket: store.bucket,
      key,
    });
  }
  return JSON.parse(new TextDecoder().decode(bytes)) as RunPins;
}

/** Throws PinMismatch when the run was started by a release whose stage wrote other bytes. */
export function checkStage(pins: RunPins, stage: Stage): void {
  if (pins.stages[stage] !== STAGE_VERSIONS[stage]) {
    throw new PinMismatch(
      `run ${pins.domain}/${pins.run} was started with version ${pins.stages[stage]} of stage ${stage}; this worker has ${STAGE_VERSIONS[stage]}`,
    );
  }
}

/** Top-level keys in which two objects differ. */
function differences(a: object, b: object): string {
  const left = a as Record<string, Json>;
  const right = b as Record<string, Json>;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  return keys
    .filter((key) => canonicalJson(left[key] ?? null) !== canonicalJson(right[key] ?? null))
    .join(', ');
}
