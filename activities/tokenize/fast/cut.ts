/** How a text is cut into pre-tokens. */
export type Cut =
  | { by: 'gpt2' }
  /** GPT-4's family: numbers in a pre-token at most. */
  | { by: 'later'; numbers: number }
  | { by: 'gpt4o'; numbers: number; contractions: boolean }
  /** Between any two letters that no merge has side by side: 1 at `first << 8 | second` where one has, all behind ASCII being 128. */
  | { by: 'neighbours'; neighbours: Uint8Array };
