import { PinMismatch } from '../../../lake/errors.ts';
import type { GeneratorPin } from '../../plan/pins.ts';
import type { Generator } from './generator.ts';
import { instructionSynthesizer } from './instruction-synthesizer.ts';

/** The generator that a run is pinned to. Throws PinMismatch for one that this worker does not have. */
export async function openGenerator(pin: GeneratorPin): Promise<Generator> {
  if (pin.name === 'instruction-synthesizer') return instructionSynthesizer(pin);
  throw new PinMismatch(`the run was started with generator ${pin.name}, which this worker does not have`);
}
