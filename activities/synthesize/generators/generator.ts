import type { BadRequest, LakeError } from '../../../lake/errors.ts';
import type { Pair } from '../../../workflows/contract.ts';
import type { Parsed } from '../pair.ts';

/** A text and the pairs that were made for it, as prompts of later rounds tell it. */
export interface Round {
  context: string;
  pairs: readonly Pair[];
}

/** One question to an endpoint: what goes over the wire, and what is known about it beforehand. */
export interface Ask {
  path: '/v1/completions' | '/v1/chat/completions';
  /** The request's body but for the model. */
  body: Record<string, unknown>;
  /** What the request's hash covers as the prompt. */
  prompt: unknown;
  /** Tokens of the prompt: exact, or an upper estimate. */
  promptTokens: number;
}

/** The question about a text, and how many of the rounds before it stand in its prompt, the newest ones. */
export interface Asked {
  ask: Ask;
  history: number;
}

/** A way to have pairs written about texts, chosen by its name in the spec. */
export interface Generator {
  /** Cuts a text into parts that each fit the window (or `share` of it) alone. Joined they are the text. */
  parts(text: string, share?: number): Promise<string[]>;
  /**
   * The question about `context`; of the history (oldest first) as much as the window holds, the oldest left out first.
   * Throws BadRequest for one that may not be asked.
   */
  ask(history: readonly Round[], context: string, slot: string): Promise<Asked>;
  /** Reads an answer. Never throws: what is no pair becomes a drop. */
  parse(answer: string): Parsed;
  /** What to ask instead when nothing of an answer could be read; asked once, where a generator has it. */
  again?(ask: Ask, answer: string): Ask | undefined;
  /** A question that costs next to nothing and shows whether the endpoint takes this generator's; asked before a run is opened. */
  probe?(): Ask;
  /** What a refusal of a question means, where it does not mean the text in it. */
  refused?(error: BadRequest, ask: Ask): LakeError | undefined;
}
