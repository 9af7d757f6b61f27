import type { GeneratorPin } from '../../plan/pins.ts';
import type { PromptTokenizer } from '../prompt-tokenizer.ts';
import { parseCompletion } from '../protocol/parse.ts';
import { contextBlock, finishedRound, prompt } from '../protocol/prompt.ts';
import type { Asked, Generator } from './generator.ts';
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
      const left = wire.room - (history.length === 0 ? 0 : await wire.count(contextBlock(context)));
      let told = await fitting(history, left, (round) => wire.count(finishedRound(round)));
      for (; ; told = told.slice(1)) {
        const { fields, prompt: sent, tokens } = await wire.send(prompt(told, context));
        if (tokens > wire.room && told.length > 0) continue;
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
