import { PinMismatch } from '../../lake/errors.ts';
import type { RunPins } from '../plan/pins.ts';
import { named } from '../services.ts';
import type { Settings } from '../settings.ts';
import { openOnce } from './open-once.ts';
import { openTokenizer, type TextTokenizer } from './tokenizer.ts';

const opened = openOnce<TextTokenizer>();

/** The tokenizer of a run, as it was when the run began. Throws PinMismatch when this worker has another. */
export async function pinnedTokenizer(
  settings: Settings,
  { tokenizer: pin }: RunPins,
): Promise<TextTokenizer> {
  const setting = named('tokenizer', pin.name, settings.tokenizers);
  const key = JSON.stringify([setting.file, setting.bos, setting.eos]);
  const tokenizer = await opened(key, () => openTokenizer(setting));
  if (tokenizer.sha256 !== pin.sha256 || tokenizer.eos !== pin.eos || (tokenizer.bos ?? null) !== pin.bos) {
    throw new PinMismatch(
      `tokenizer "${pin.name}" of this worker (${setting.file}) is not the one that the run was started with (SHA-256 ${pin.sha256}, bos ${pin.bos}, eos ${pin.eos})`,
    );
  }
  return tokenizer;
}
