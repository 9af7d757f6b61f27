import { BadRequest, InvalidSpec } from '../../lake/errors.ts';
import { DOMAIN, RUN } from '../../lake/layout.ts';
import { probeStore } from '../../lake/probe.ts';
import { milliseconds } from '../../lake/spec/fields.ts';
import { type BegunSpec, checkSpec, endpointOf, type FullSpec, isBegun } from '../../lake/spec.ts';
import { UNICODE_VERSION } from '../../lake/unicode/normalise.ts';
import type { OpenedRun, RunRef } from '../../workflows/contract.ts';
import { promptDigest } from '../judge/prompt.ts';
import { named, unknownNames } from '../services.ts';
import type { Settings } from '../settings.ts';
import type { EndpointClient } from '../synthesize/endpoint/client.ts';
import { generatorPin, openGenerator } from '../synthesize/generators/open.ts';
import { GIVEN_PIN } from '../synthesize/given.ts';
import { requestHash, requestOf } from '../synthesize/round.ts';
import { poolsDigest } from '../template/pools.ts';
import { keepTokenizer } from '../tokenize/kept.ts';
import { openTokenizer } from '../tokenize/tokenizer.ts';
import { STAGE_VERSIONS } from '../versions.ts';
import type { Work } from '../work.ts';
import { replayedPublication } from './generation.ts';
import { beginOn } from './open-from.ts';
import { type GeneratorPin, type JudgePin, type RunPins, refuseOtherSpec, writePins } from './pins.ts';

export interface OpenRunDeps {
  /** Whether the Temporal server knows our search attributes. */
  searchAttributes: boolean;
}

/**
 * Opens a run before any work: checks the spec and everything it names (store, endpoint and model, tokenizer, launcher),
 * then writes the pins. Throws InvalidSpec, SpecConflict, PinMismatch and the errors of what it tried.
 */
export async function openRun(
  work: Work,
  { searchAttributes }: OpenRunDeps,
  { workflowId, spec: given }: { workflowId: string; spec: unknown },
): Promise<OpenedRun> {
  const { store, settings, signal } = work;
  const checked = checkSpec(given);
  const run = runOf(workflowId, { domain: checked.domain });
  await probeStore(store);
  if (isBegun(checked)) return openBegun(work, searchAttributes, run, checked);
  const spec = checked;
  // Before the endpoint is asked: a conflict is no reason to wait for one that is down.
  await refuseOtherSpec(store, run, spec);
  refuseUnknownNames(spec, settings);
  const tokenizer = await tokenizerPin(work, spec.tokenizer);
  const synthesizer = await synthesizerOf(spec, work);
  const judge = spec.judge === undefined ? null : await judgeOf(spec.judge, work);
  const pins: RunPins = {
    ...run,
    spec,
    stages: STAGE_VERSIONS,
    tokenizer,
    generator: synthesizer?.pin ?? GIVEN_PIN,
    judge,
    pools: poolsDigest(),
    unicode: UNICODE_VERSION,
  };
  if (synthesizer !== undefined) await tryGenerator(pins, settings, synthesizer.client, signal);
  const { resumed } = await writePins(store, pins);
  const published = await replayedPublication(store, run);
  return {
    ...openedOf(pins, searchAttributes),
    resumed,
    ...(spec.decontaminate && { decontaminate: true as const }),
    ...(spec.input.minAge && { aged: true as const }),
    judge: judge !== null,
    ...(published && { published }),
  };
}

/** What a workflow is told of a run by its pins. */
function openedOf(
  { domain, run, spec, generator }: RunPins,
  searchAttributes: boolean,
): Omit<OpenedRun, 'resumed' | 'judge'> {
  return {
    ...{ domain, run, searchAttributes },
    mode: spec.mode,
    rounds: spec.synthesize.rounds,
    concurrency: spec.synthesize.generator === 'given' ? null : (spec.synthesize.concurrency ?? null),
    model: generator.model,
    launcher: spec.train?.launcher ?? null,
    rules: {
      maxFailedFraction: spec.maxFailedFraction,
      decisionTimeout: milliseconds(spec.decisionTimeout),
      onTimeout: spec.onTimeout,
    },
  };
}

/** The endpoint that a spec has pairs written by, and how; none where they come with the texts. Throws what the endpoint throws. */
async function synthesizerOf(
  { synthesize }: FullSpec,
  { settings, endpoints, signal }: Work,
): Promise<{ client: EndpointClient; pin: GeneratorPin } | undefined> {
  if (synthesize.generator === 'given') return undefined;
  const client = endpoints.client(synthesize.endpoint);
  return { client, pin: await generatorPin(synthesize, settings, await client.model(signal)) };
}

/** Opens a run that begins on another: no endpoint is asked for anything. */
async function openBegun(
  work: Work,
  searchAttributes: boolean,
  run: RunRef,
  given: BegunSpec,
): Promise<OpenedRun> {
  const { store, settings } = work;
  const { source, spec, from, results } = await beginOn(store, run, given);
  await refuseOtherSpec(store, run, spec);
  const mixes = from.stage === 'mix';
  refuseUnknownNames(spec, settings, mixes ? ['train.launcher'] : ['tokenizer', 'train.launcher']);
  const pins: RunPins = {
    ...source,
    ...run,
    spec,
    stages: STAGE_VERSIONS,
    ...(mixes ? {} : { tokenizer: await tokenizerPin(work, spec.tokenizer), pools: poolsDigest() }),
    judge: null,
    from,
  };
  const { resumed } = await writePins(store, pins);
  const published = await replayedPublication(store, run);
  return {
    ...openedOf(pins, searchAttributes),
    ...{ resumed, judge: false, begun: await results() },
    ...(published && { published }),
  };
}

/** What a run holds fast of its tokenizer, whose file is kept in the lake: who has the shards can read them. Throws BadTokenizer. */
async function tokenizerPin({ settings, store, warn }: Work, name: string): Promise<RunPins['tokenizer']> {
  const setting = named('tokenizer', name, settings.tokenizers);
  const { sha256, bos, eos, highestId, refusal } = await openTokenizer(setting);
  if (refusal !== undefined) {
    warn(`tokenizer "${name}" goes the slow way (${refusal.reason}): ${refusal.detail}`);
  }
  await keepTokenizer(store, setting.file, sha256);
  return { name, sha256, bos: bos ?? null, eos, highestId };
}

/** Looks up everything that a spec names in the worker's configuration. Throws UnknownName with all that is not there. */
export function refuseUnknownNames(
  spec: FullSpec,
  { endpoints, tokenizers, launchers }: Settings,
  only?: readonly string[],
): void {
  const { judge, tokenizer, train } = spec;
  const names: [what: string, name: string | undefined, known: object][] = [
    ['synthesize.endpoint', endpointOf(spec) ?? undefined, endpoints],
    ['judge.endpoint', judge?.endpoint, endpoints],
    ['tokenizer', tokenizer, tokenizers],
    ['train.launcher', train?.launcher, launchers],
  ];
  const unknown = names.flatMap(([what, name, known]) =>
    name === undefined || Object.hasOwn(known, name) || only?.includes(what) === false
      ? []
      : { what, name, known },
  );
  if (unknown.length > 0) throw unknownNames(unknown);
}

/** Asks the endpoint what shows that it takes the generator's questions, where there is such a thing. Throws what is wrong. */
async function tryGenerator(
  pins: RunPins,
  settings: Settings,
  client: EndpointClient,
  signal: AbortSignal,
): Promise<void> {
  const generator = await openGenerator(pins, settings);
  const ask = generator.probe?.();
  if (ask === undefined) return;
  try {
    await client.complete(requestOf(pins.generator, ask, requestHash(pins.generator, ask), 'probe'), signal);
  } catch (error) {
    throw (error instanceof BadRequest ? generator.refused?.(error, ask) : undefined) ?? error;
  }
}

/** The judge that a spec asks for. Throws UnknownName, ModelNotFound and what its endpoint throws. */
async function judgeOf(
  { endpoint, pairs }: NonNullable<FullSpec['judge']>,
  { settings, endpoints, signal }: Work,
): Promise<JudgePin> {
  const { newTokens } = named('endpoint', endpoint, settings.endpoints);
  const model = await endpoints.client(endpoint).model(signal);
  return { endpoint, model, pairs, newTokens, prompt: promptDigest() };
}

/** Domain and run are in the workflow's id; what its input says of them must agree. Throws InvalidSpec that names the form. */
export function runOf(
  workflowId: string,
  input: { domain: string; run?: string },
): { domain: string; run: string } {
  const [, domain = '', run = ''] = /^ingest\/([^/]+)\/(.+)$/s.exec(workflowId) ?? [];
  if (!DOMAIN.test(domain) || !RUN.test(run)) {
    throw new InvalidSpec(
      `the workflow id is ${JSON.stringify(workflowId)}; it must be ingest/<domain>/<run>, with <domain> of [a-z0-9-] (40 at most) and <run> of [A-Za-z0-9._:-] (80 at most)`,
    );
  }
  if (domain !== input.domain) {
    throw new InvalidSpec(
      `the workflow id is ${JSON.stringify(workflowId)}, but the spec's domain is ${JSON.stringify(input.domain)}; they must agree`,
    );
  }
  if (input.run !== undefined && run !== input.run) {
    throw new InvalidSpec(
      `the workflow id is ${JSON.stringify(workflowId)}, but the input's run is ${JSON.stringify(input.run)}; they must agree`,
    );
  }
  return { domain, run };
}
