import { PinMismatch } from '../../../lake/errors.ts';
import type { FullSpec } from '../../../lake/spec.ts';
import type { GeneratorPin, RunPins } from '../../plan/pins.ts';
import type { EndpointSettings } from '../../settings.ts';
import { chat } from './chat.ts';
import type { Generator } from './generator.ts';
import { instructionSynthesizer } from './instruction-synthesizer.ts';
import { ownLibrary } from './prompt-library.ts';

/** What a run holds fast of its generator. */
export function generatorPin(
  { generator, ...spec }: FullSpec['synthesize'],
  { window, newTokens, structuredOutput = 'json_schema' }: EndpointSettings,
  model: string,
): GeneratorPin {
  const pin = { name: generator, model, window, newTokens, temperature: 0 };
  return 'prompts' in spec ? { ...pin, structuredOutput, prompts: ownLibrary().digest(spec.prompts) } : pin;
}

/** The generator that a run is pinned to. Throws PinMismatch where this worker does not have it as it was then. */
export async function openGenerator({
  domain,
  run,
  generator: pin,
  spec: { synthesize, seed },
}: Pick<RunPins, 'domain' | 'run' | 'generator' | 'spec'>): Promise<Generator> {
  if (synthesize.generator === 'instruction-synthesizer') return instructionSynthesizer(pin);
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
