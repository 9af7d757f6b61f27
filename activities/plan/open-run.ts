import { BadRequest, InvalidSpec } from '../../lake/errors.ts';
import { DOMAIN, RUN } from '../../lake/layout.ts';
import { probeStore } from '../../lake/probe.ts';
import { type FullSpec, milliseconds, parseSpec } from '../../lake/spec.ts';
import { UNICODE_VERSION } from '../../lake/unicode/normalise.ts';
import type { OpenedRun } from '../../workflows/contract.ts';
import { promptDigest } from '../judge/prompt.ts';
import { named, unknownNames } from '../services.ts';
import type { Settings } from '../settings.ts';
import type { EndpointClient } from '../synthesize/endpoint/client.ts';
import { generatorPin, openGenerator } from '../synthesize/generators/open.ts';
import { requestHash, requestOf } from '../synthesize/round.ts';
import { poolsDigest } from '../template/pools.ts';
import { openTokenizer } from '../tokenize/tokenizer.ts';
import { STAGE_VERSIONS } from '../versions.ts';
import type { Work } from '../work.ts';
import { replayedPublication } from './generation.ts';
import { type JudgePin, type RunPins, refuseOtherSpec, writePins } from './pins.ts';

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
  const { store, settings, endpoints, signal } = work;
  const spec = parseSpec(given);
  const run = runOf(workflowId, { domain: spec.domain });
  await probeStore(store);
  // Before the endpoint is asked: a conflict is no reason to wait for one that is down.
  await refuseOtherSpec(store, run, spec);
  refuseUnknownNames(spec, settings);
  const tokenizer = await openTokenizer(named('tokenizer', spec.tokenizer, settings.tokenizers));
  if (tokenizer.refusal !== undefined) {
    const { reason, detail } = tokenizer.refusal;
    work.warn(`tokenizer "${spec.tokenizer}" goes the slow way (${reason}): ${detail}`);
  }
  const client = endpoints.client(spec.synthesize.endpoint);
  const model = await client.model(signal);
  const judge = spec.judge === undefined ? null : await judgeOf(spec.judge, work);
  const pins: RunPins = {
    ...run,
    spec,
    stages: STAGE_VERSIONS,
    tokenizer: {
      name: spec.tokenizer,
      sha256: tokenizer.sha256,
      bos: tokenizer.bos ?? null,
      eos: tokenizer.eos,
      highestId: tokenizer.highestId,
    },
    generator: await generatorPin(spec.synthesize, settings, model),
    judge,
    pools: poolsDigest(),
    unicode: UNICODE_VERSION,
  };
  await tryGenerator(pins, settings, client, signal);
  const { resumed } = await writePins(store, pins);
  const published = await replayedPublication(store, run);
  return {
    ...run,
    resumed,
    mode: spec.mode,
    rounds: spec.synthesize.rounds,
    concurrency: spec.synthesize.concurrency ?? null,
    model,
    launcher: spec.train?.launcher ?? null,
    ...(spec.decontaminate && { decontaminate: true as const }),
    ...(spec.input.minAge && { aged: true as const }),
    judge: judge !== null,
    searchAttributes,
    rules: {
      maxFailedFraction: spec.maxFailedFraction,
      decisionTimeout: milliseconds(spec.decisionTimeout),
      onTimeout: spec.onTimeout,
    },
    ...(published && { published }),
  };
}

/** Looks up everything that a spec names in the worker's configuration. Throws UnknownName with all that is not there. */
export function refuseUnknownNames(
  { synthesize, judge, tokenizer, train }: FullSpec,
  { endpoints, tokenizers, launchers }: Settings,
): void {
  const names: [what: string, name: string | undefined, known: object][] = [
    ['synthesize.endpoint', synthesize.endpoint, endpoints],
    ['judge.endpoint', judge?.endpoint, endpoints],
    ['tokenizer', tokenizer, tokenizers],
    ['train.launcher', train?.launcher, launchers],
  ];
  const unknown = names.flatMap(([what, name, known]) =>
    name === undefined || Object.hasOwn(known, name) ? [] : { what, name, known },
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
