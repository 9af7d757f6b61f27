import { PinMismatch } from '../../../lake/errors.ts';
import type { FullSpec } from '../../../lake/spec.ts';
import type { GeneratorPin, RunPins } from '../../plan/pins.ts';
import type { EndpointSettings, Settings } from '../../settings.ts';
import { pinnedPromptTokenizer, promptTokenizer } from '../prompt-tokenizer.ts';
import { chat } from './chat.ts';
import type { Generator } from './generator.ts';
import { instructionSynthesizer } from './instruction-synthesizer.ts';
import { ownLibrary } from './prompt-library.ts';

/** How an endpoint is asked. */
type Asking = Exclude<FullSpec['synthesize'], { generator: 'given' }>;

/** What a run holds fast of its generator. Throws BadTokenizer, or InvalidConfig for a tokenizer that is not there. */
export async function generatorPin(
  { generator, ...spec }: Asking,
  settings: Settings,
  model: string,
): Promise<GeneratorPin> {
  const {
    window,
    newTokens,
    structuredOutput = 'json_schema',
  } = settings.endpoints[spec.endpoint] as EndpointSettings;
  const pin = { name: generator, model, window, newTokens, temperature: 0, tokenizer: null };
  if ('prompts' in spec) return { ...pin, structuredOutput, prompts: ownLibrary().digest(spec.prompts) };
  return { ...pin, tokenizer: (await promptTokenizer(settings, spec.endpoint))?.sha256 ?? null };
}

/** The generator that a run is pinned to. Throws PinMismatch where this worker does not have it as it was then. */
export async function openGenerator(
  {
    domain,
    run,
    generator: pin,
    spec: { synthesize, seed },
  }: Pick<RunPins, 'domain' | 'run' | 'generator' | 'spec'>,
  settings: Settings,
): Promise<Generator> {
  if (synthesize.generator === 'instruction-synthesizer') {
    return instructionSynthesizer(
      pin,
      await pinnedPromptTokenizer(settings, synthesize.endpoint, pin.tokenizer),
    );
  }
  if (synthesize.generator !== 'chat') {
    throw new PinMismatch(
      `run ${domain}/${run} was started with generator ${pin.name}, which this worker does not have`,
    );
  }
  const digest = ownLibrary().digest(synthesize.prompts);
  if (digest !== pin.prompts) {
    throw new PinMismatch(
      `run ${domain}/${run} was started with other prompts (SHA-256 ${pin.prompts}); this worker has ${digest}`,
    );
  }
  return chat(pin, { prompts: synthesize.prompts, seed });
}
