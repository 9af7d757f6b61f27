import { PinMismatch } from '../../lake/errors.ts';
import type { RunPins } from '../plan/pins.ts';
import { named } from '../services.ts';
import type { Settings } from '../settings.ts';
import { openTokenizer, type TextTokenizer } from './tokenizer.ts';

/** Tokenizers that this thread has opened, by their file: loading one takes longer than many a partition. */
const opened = new Map<string, Promise<TextTokenizer>>();

/** The tokenizer of a run, as it was when the run began. Throws PinMismatch when this worker has another. */
export async function pinnedTokenizer(
  settings: Settings,
  { tokenizer: pin }: RunPins,
): Promise<TextTokenizer> {
  const setting = named('tokenizer', pin.name, settings.tokenizers);
  const key = JSON.stringify([setting.file, setting.bos, setting.eos]);
  const opening = opened.get(key) ?? openTokenizer(setting);
  opened.set(key, opening);
  const tokenizer = await opening;
  if (tokenizer.sha256 !== pin.sha256 || tokenizer.eos !== pin.eos || (tokenizer.bos ?? null) !== pin.bos) {
    throw new PinMismatch(
      `tokenizer "${pin.name}" of this worker (${setting.file}) is not the one that the run was started with (SHA-256 ${pin.sha256}, bos ${pin.bos}, eos ${pin.eos})`,
    );
  }
  return tokenizer;
}
