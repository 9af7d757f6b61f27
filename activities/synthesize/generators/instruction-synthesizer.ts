import type { GeneratorPin } from '../../plan/pins.ts';
import type { PromptTokenizer } from '../prompt-tokenizer.ts';
import { parseCompletion } from '../protocol/parse.ts';
import { contextBlock, finishedRound, prompt } from '../protocol/prompt.ts';
import type { Asked, Generator, Round } from './generator.ts';
import { idWire, textWire, type Wire } from './wire.ts';

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
      for (let told = await fitting(history, context, wire); ; told = told.slice(1)) {
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

/** As much of the history, newest first, as the window holds beside the context: the oldest round goes first. */
async function fitting(history: readonly Round[], context: string, wire: Wire): Promise<readonly Round[]> {
  if (history.length === 0) return history;
  let left = wire.room - (await wire.count(contextBlock(context)));
  let from = history.length;
  for (const round of history.toReversed()) {
    left -= await wire.count(finishedRound(round));
    if (left < 0) break;
    from--;
  }
  return history.slice(from);
}
