import { PinMismatch } from '../../../lake/errors.ts';
import type { GeneratorPin } from '../../plan/pins.ts';
import type { PromptTokenizer } from '../prompt-tokenizer.ts';
import type { Generator } from './generator.ts';
import { instructionSynthesizer } from './instruction-synthesizer.ts';

/** The generator that a run is pinned to, with the tokenizer of its model where there is one. Throws PinMismatch for one that this worker does not have. */
export async function openGenerator(pin: GeneratorPin, tokenizer?: PromptTokenizer): Promise<Generator> {
  if (pin.name === 'instruction-synthesizer') return instructionSynthesizer(pin, tokenizer);
  throw new PinMismatch(`the run was started with generator ${pin.name}, which this worker does not have`);
}
