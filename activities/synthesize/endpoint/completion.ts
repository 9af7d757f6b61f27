/** One answer of an endpoint, with the server's own token counts. */
export interface Completion {
  text: string;
  finishReason: string;
  promptTokens: number;
  /** Of the prompt's tokens, those that the server had in its prefix cache; 0 where it does not say. */
  cachedTokens: number;
  completionTokens: number;
  /** Of the request that was answered, from its sending to its last byte. */
  seconds: number;
  /** Requests that it took, the answered one among them. */
  tries: number;
  /** Tokens of the prompt that the server is likely to have read for the tries that failed: an estimate. */
  wastedTokens: number;
}
export interface CompletionRequest {
  path: '/v1/completions' | '/v1/chat/completions';
  /** The whole body, the model in it. */
  body: Record<string, unknown>;
  /** The request's hash: named in errors; what is sent as `X-Request-Id` begins with it. */
  id: string;
  /** Requests whose prompts begin alike have the same; a replica that has seen one serves the others sooner. */
  affinity: string;
  /** Tokens of the prompt (or an upper estimate) and of the answer at most: what the request may cost the server. */
  promptTokens: number;
  maxTokens: number;
  /** Called each time that it really goes out: what waits for a turn here has cost nothing yet. */
  onSend?: () => void;
}

export type Answer = Omit<Completion, 'seconds' | 'tries' | 'wastedTokens'>;

/** The first choice of an answer of either path; nothing where the answer has none. */
export function answerOf(body: string): Answer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { choices, usage } = (value ?? {}) as {
    choices?: { text?: unknown; message?: { content?: unknown }; finish_reason?: unknown }[];
    usage?: {
      prompt_tokens?: unknown;
      completion_tokens?: unknown;
      prompt_tokens_details?: { cached_tokens?: unknown } | null;
    } | null;
  };
  const choice = Array.isArray(choices) ? choices[0] : undefined;
  // A chat model that said nothing (it was still thinking, or declined) has null for its content.
  const text = choice?.text ?? (choice?.message?.content === null ? '' : choice?.message?.content);
  if (typeof text !== 'string') return undefined;
  return {
    text,
    finishReason: typeof choice?.finish_reason === 'string' ? choice.finish_reason : 'unknown',
    promptTokens: count(usage?.prompt_tokens),
    cachedTokens: count(usage?.prompt_tokens_details?.cached_tokens),
    completionTokens: count(usage?.completion_tokens),
  };
}

const count = (value: unknown): number => (typeof value === 'number' && value >= 0 ? Math.floor(value) : 0);
