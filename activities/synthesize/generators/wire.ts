import { BadRequest } from '../../../lake/errors.ts';
import type { GeneratorPin } from '../../plan/pins.ts';
import { estimateTokens, splitParts } from '../parts.ts';
import { splitCounted } from '../parts-counted.ts';
import type { PromptTokenizer } from '../prompt-tokenizer.ts';
import { prompt } from '../protocol/prompt.ts';
import { promptRoom } from './window.ts';

/** How prompts of the tag protocol are measured and sent. */
export interface Wire {
  /** Tokens that a prompt may have. */
  room: number;
  /** Tokens of a piece of a prompt: exact, or an upper estimate. */
  count(text: string): Promise<number>;
  /** What is sent for a literal prompt, and its tokens. Throws BadRequest for one that may not be sent. */
  send(
    literal: string,
  ): Promise<{ fields: Record<string, unknown>; prompt: string | number[]; tokens: number }>;
  /** Cuts a text into parts that each fit `share` of the window alone. */
  parts(text: string, share: number): Promise<string[]>;
}

/**
 * Prompts as text, their tokens estimated. The prompt carries its own `<s>`, so the server is told to add none
 * (`add_special_tokens`, vLLM's name).
 */
export function textWire(pin: GeneratorPin): Wire {
  const room = promptRoom(pin);
  const overhead = estimateTokens(prompt([], 'x'));
  return {
    room,
    count: async (text) => estimateTokens(text),
    send: async (literal) => ({
      fields: { add_special_tokens: false },
      prompt: literal,
      tokens: estimateTokens(literal),
    }),
    parts: async (text, share) => splitParts(text, Math.floor((room - overhead) * share)),
  };
}

/** Prompts as the ids that the server's tokenizer would make of the literal text: no server can add or change any. */
export function idWire({ window, newTokens }: GeneratorPin, tokenizer: PromptTokenizer): Wire {
  const room = window - newTokens;
  const literalOf = (text: string): string => tokenizer.neutralise(prompt([], text));
  return {
    room,
    count: async (text) => (await tokenizer.count([tokenizer.neutralise(text)]))[0] ?? 0,
    async send(literal) {
      const ids = await tokenizer.encode(tokenizer.neutralise(literal));
      const foreign = tokenizer.foreign(ids);
      if (foreign !== undefined) {
        throw new BadRequest(
          `the text is not sent: in a spelling of its own it becomes the special token ${JSON.stringify(foreign)} of the synthesizer's tokenizer`,
        );
      }
      return { fields: {}, prompt: ids, tokens: ids.length };
    },
    parts: (text, share) =>
      splitCounted(text, {
        most: Math.floor(room * share),
        ofPrompt: async (part) => (await tokenizer.count([literalOf(part)]))[0] ?? 0,
        ofPieces: (pieces) => tokenizer.count(pieces.map((piece) => tokenizer.neutralise(piece))),
      }),
  };
}
