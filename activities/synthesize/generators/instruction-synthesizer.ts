import type { GeneratorPin } from '../../plan/pins.ts';
import { estimateTokens, splitParts } from '../parts.ts';
import { parseCompletion } from '../protocol/parse.ts';
import { prompt } from '../protocol/prompt.ts';
import type { Ask, Asked, Generator, Round } from './generator.ts';

/** Kept free of the window: estimates are upper bounds by tokens of known tokenizers, not of every one. */
const MARGIN = 0.1;

/** The tag protocol of the published synthesizer, on `/v1/completions`. */
export function instructionSynthesizer(pin: GeneratorPin): Generator {
  const room = Math.floor((pin.window - pin.newTokens) * (1 - MARGIN));
  const overhead = estimateTokens(prompt([], 'x'));

  /** The prompt carries its own `<s>`, so the server is told to add none (`add_special_tokens`, vLLM's name). */
  function askOf(text: string): Ask {
    const { newTokens: max_tokens, temperature } = pin;
    return {
      path: '/v1/completions',
      body: { prompt: text, max_tokens, temperature, n: 1, add_special_tokens: false },
      prompt: text,
      promptTokens: estimateTokens(text),
    };
  }
  return {
    parts: async (text) => splitParts(text, room - overhead),
    async ask(history, context): Promise<Asked> {
      const told = fitting(history, context, room);
      return { ask: askOf(prompt(told, context)), history: told.length };
    },
    parse: parseCompletion,
  };
}

/** As much of the history, newest first, as the window holds beside the context: the oldest round goes first. */
function fitting(history: readonly Round[], context: string, room: number): readonly Round[] {
  let left = room - estimateTokens(prompt([], context));
  let from = history.length;
  for (const round of history.toReversed()) {
    left -= estimateTokens(prompt([round], ''));
    if (left < 0) break;
    from--;
  }
  return history.slice(from);
}
