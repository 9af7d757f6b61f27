import { PinMismatch, RunNotFound, SpecConflict } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { pinsKey } from '../../lake/layout.ts';
import { type FullSpec, withoutSteering } from '../../lake/spec.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { FromStage, ObjectRef, RunRef } from '../../workflows/contract.ts';
import type { StructuredOutput } from '../settings.ts';
import { STAGE_VERSIONS, type Stage } from '../versions.ts';
import type { Input } from './inputs.ts';

/** What a run holds fast from its start, in `run.json`: nothing that decides its bytes may change under it. */
export interface RunPins {
  domain: string;
  run: string;
  spec: FullSpec;
  stages: Record<Stage, number>;
  tokenizer: { name: string; sha256: string; bos: number | null; eos: number; highestId: number };
  generator: GeneratorPin;
  /** Null where the spec asks for none. */
  judge: JudgePin | null;
  /** SHA-256 of the template pools. */
  pools: string;
  /** Version of the Unicode tables that dedupe folds text with. */
  unicode: string;
  /** Of a run that begins on another one. */
  from?: BegunOn;
}

/** The run that a run begins on, as it was then. */
export interface BegunOn {
  run: string;
  generation: number;
  stage: FromStage;
  publication: ObjectRef;
  /** Its inputs, by the names that its plan has for them: those that the new mix takes. */
  inputs: Input[];
  /** Further runs, whose corpus is mixed as well. */
  also?: AsPublished[];
}
/** A run as it was published when another began on it. */
export interface AsPublished {
  run: string;
  generation: number;
  publication: ObjectRef;
}

/** What a request's hash covers besides the prompt, and the window that prompts are fitted to. */
export interface GeneratorPin {
  name: string;
  model: string;
  window: number;
  newTokens: number;
  temperature: number;
  /** SHA-256 of the tokenizer that prompts are made into ids with; null when they go out as text. */
  tokenizer: string | null;
  /** Of a chat model: how its answers are asked for, and SHA-256 of the prompts that the spec names. */
  structuredOutput?: StructuredOutput;
  prompts?: string;
}

/** Who judges a sample of the pairs, and how it is asked. */
export interface JudgePin {
  endpoint: string;
  model: string;
  /** Pairs of the sample. */
  pairs: number;
  newTokens: number;
  /** SHA-256 of its prompt. */
  prompt: string;
}

/** Throws SpecConflict when the run is there already with another spec; what only steers a run may be another each time. */
export async function refuseOtherSpec(store: ObjectStore, run: RunRef, spec: FullSpec): Promise<void> {
  const key = pinsKey(run);
  const bytes = await store.find(key);
  if (bytes === undefined) return;
  const changed = differences(withoutSteering(parsePins(bytes).spec), withoutSteering(spec));
  if (changed === '') return;
  throw new SpecConflict(
    `run ${run.domain}/${run.run} exists already with another spec (${changed}); give this one another name with --run NAME`,
    { bucket: store.bucket, key },
  );
}

/** Writes the pins of a run with If-None-Match, or finds the same there (`resumed`). Throws SpecConflict, PinMismatch. */
export async function writePins(store: ObjectStore, pins: RunPins): Promise<{ resumed: boolean }> {
  const key = pinsKey(pins);
  const body = canonicalJson(pins);
  if ((await store.put(key, body, { ifNoneMatch: true, contentType: 'application/json' })) === 'written') {
    return { resumed: false };
  }
  await refuseOtherSpec(store, pins, pins.spec);
  const changed = differences({ ...(await readPins(store, pins)), spec: pins.spec }, pins);
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
  const pins = await findPins(store, run);
  if (pins !== undefined) return pins;
  const where = { bucket: store.bucket, key: pinsKey(run) };
  throw new RunNotFound(`there is no run ${run.domain}/${run.run} in the lake`, where);
}

/** The pins of a run, if it has been started. */
export async function findPins(store: ObjectStore, run: RunRef): Promise<RunPins | undefined> {
  const bytes = await store.find(pinsKey(run));
  return bytes && parsePins(bytes);
}

const parsePins = (bytes: Uint8Array): RunPins => JSON.parse(new TextDecoder().decode(bytes)) as RunPins;

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
  const left = new Map<string, unknown>(Object.entries(a));
  const right = new Map<string, unknown>(Object.entries(b));
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  return keys
    .filter((key) => canonicalJson(left.get(key) ?? null) !== canonicalJson(right.get(key) ?? null))
    .join(', ');
}
