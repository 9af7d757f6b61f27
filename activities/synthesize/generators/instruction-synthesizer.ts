import type { GeneratorPin } from '../../plan/pins.ts';
import { LONGEST_TOKEN } from '../parts-counted.ts';
import type { PromptTokenizer } from '../prompt-tokenizer.ts';
import { parseCompletion } from '../protocol/parse.ts';
import { contextBlock, finishedRound, prompt } from '../protocol/prompt.ts';
import type { Asked, Generator, Round } from './generator.ts';
import { fitting } from './window.ts';
import { idWire, textWire } from './wire.ts';

/**
 * The tag protocol of the published synthesizer, on `/v1/completions`: as token ids where the tokenizer of its model is
 * at hand, else as text.
 */
export function instructionSynthesizer(pin: GeneratorPin, tokenizer?: PromptTokenizer): Generator {
  const wire = tokenizer === undefined ? textWire(pin) : idWire(pin, tokenizer);
  const { newTokens: max_tokens, temperature } = pin;
  return {
    parts: (text, share = 1) => wire.parts(text, share),
    async ask(history, context): Promise<Asked> {
      for (let told = newest(history, wire.room * LONGEST_TOKEN); ; ) {
        const { fields, prompt: sent, tokens } = await wire.send(prompt(told, context));
        if (tokens > wire.room && told.length > 0) {
          const left = wire.room - (await wire.count(contextBlock(context)));
          const fits = await fitting(told, left, (round) => wire.count(finishedRound(round)));
          told = fits.length < told.length ? fits : told.slice(1);
          continue;
        }
        const body = { prompt: sent, max_tokens, temperature, n: 1, ...fields };
        return {
          ask: { path: '/v1/completions', body, prompt: sent, promptTokens: tokens },
          history: told.length,
        };
      }
    },
    parse: parseCompletion,
  };
}

/** The newest rounds with at most so many characters of context: more would be counted in vain. */
function newest(history: readonly Round[], characters: number): readonly Round[] {
  let from = history.length;
  for (let left = characters; from > 0; from--) {
    left -= history[from - 1]?.context.length ?? 0;
    if (left < 0) break;
  }
  return history.slice(from);
}
