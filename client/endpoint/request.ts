import { z } from 'zod';

/** An error of the OpenAI protocol: its HTTP status and the members of its `error` object. */
export interface ApiError {
  status: number;
  message: string;
  type: string;
  code: string;
}

export interface CompletionRequest {
  prompts: string[];
  maxTokens: number;
  stop: string[];
}

/** Tokens that a completion has when the request does not say, as the protocol defines it. */
const DEFAULT_MAX_TOKENS = 16;

const schema = z.object({
  model: z.string(),
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(256)]),
  max_tokens: z.int().min(1).nullish(),
  // Rules draw nothing: a temperature, a seed and the like change no byte, so they are taken and left.
  temperature: z.number().min(0).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  n: z.literal(1).nullish(),
  stream: z.literal(false).nullish(),
  echo: z.literal(false).nullish(),
  logprobs: z.null().optional(),
  add_special_tokens: z.boolean().nullish(),
});

const UNSUPPORTED: Record<string, string> = {
  n: 'only n = 1 is supported',
  stream: 'streaming is not supported: leave `stream` out or set it to false',
  echo: '`echo` is not supported',
  logprobs: '`logprobs` is not supported',
};

/** Checks the body of a completion request against what this endpoint serves. */
export function readRequest(body: string, model: string): CompletionRequest | ApiError {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return badRequest('the body is not valid JSON', 'invalid_json');
  }
  if (holdsTokenIds(json)) {
    return badRequest(
      'token ids as `prompt` are not supported: this endpoint has no vocabulary, send text',
      'token_ids',
    );
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    const field = issue?.path.map(String).join('.') ?? '';
    const why =
      UNSUPPORTED[field] ?? `${field === '' ? 'the body' : `\`${field}\``}: ${issue?.message ?? 'invalid'}`;
    return badRequest(why, field in UNSUPPORTED ? 'unsupported_value' : 'invalid_value');
  }
  const { prompt, stop, max_tokens, model: asked } = result.data;
  if (asked !== model) {
    const message = `the model \`${asked}\` does not exist here; this endpoint serves \`${model}\``;
    return { status: 404, message, type: 'invalid_request_error', code: 'model_not_found' };
  }
  return {
    prompts: typeof prompt === 'string' ? [prompt] : prompt,
    maxTokens: max_tokens ?? DEFAULT_MAX_TOKENS,
    stop: stop === null || stop === undefined ? [] : typeof stop === 'string' ? [stop] : stop,
  };
}

export function badRequest(message: string, code: string): ApiError {
  return { status: 400, message, type: 'invalid_request_error', code };
}

function holdsTokenIds(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || !('prompt' in json) || !Array.isArray(json.prompt))
    return false;
  return json.prompt.some((item: unknown) => typeof item === 'number' || Array.isArray(item));
}
