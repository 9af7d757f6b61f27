import type { GeneratorPin } from '../../plan/pins.ts';
import { estimateTokens, splitParts } from '../parts.ts';
import { parseCompletion } from '../protocol/parse.ts';
import { prompt } from '../protocol/prompt.ts';
import type { Ask, Asked, Generator } from './generator.ts';
import { fitting, promptRoom } from './window.ts';

/** The tag protocol of the published synthesizer, on `/v1/completions`. */
export function instructionSynthesizer(pin: GeneratorPin): Generator {
  const room = promptRoom(pin);
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
      const left = room - estimateTokens(prompt([], context));
      const told = fitting(history, left, (round) => estimateTokens(prompt([round], '')));
      return { ask: askOf(prompt(told, context)), history: told.length };
    },
    parse: parseCompletion,
  };
}
