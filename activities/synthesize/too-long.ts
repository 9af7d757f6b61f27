import type { BadRequest } from '../../lake/errors.ts';

/** How servers say that a prompt and its answer are longer than the model's window: vLLM, SGLang, llama.cpp, TGI, OpenAI. */
const SAID =
  /context[ _-]?(?:length|size|window)|maximum (?:model|sequence|input) length|max_model_len|max_new_tokens`? must be|\(413\)/i;

/**
 * Whether a refusal is about the prompt's length. The protocol has no code for it that servers share, so their words decide;
 * a server that quotes such words from a prompt costs one shorter try more.
 */
export const saysTooLong = ({ message }: BadRequest): boolean => SAID.test(message);
