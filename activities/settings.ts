import type { S3Settings } from '../lake/s3.ts';

/**
 * What a worker knows that specs only name: plain data (it also goes to threads), secrets included. It never enters a
 * spec, a workflow's history, a commit or a log line.
 */
export interface Settings {
  lake: S3Settings;
  endpoints: Record<string, EndpointSettings>;
  tokenizers: Record<string, TokenizerSettings>;
  launchers: Record<string, LauncherSettings>;
}

/** An inference server that speaks the OpenAI completions protocol. */
export interface EndpointSettings {
  /** Base addresses of its replicas, without `/v1`; one at least. */
  urls: string[];
  /** Model id; without it the one model that the server serves. */
  model?: string;
  apiKey?: string;
  /** Further headers of every request, by name. */
  headers?: Record<string, string>;
  /** File with certificates of authorities that are trusted besides the usual ones. */
  ca?: string;
  /** Requests in flight at once at most, from one worker to all replicas; how many there are is found out. */
  concurrency: number;
  /** A request's deadline, milliseconds. */
  timeoutMs: number;
  /** Tokens of the model's window, prompt and answer together. */
  window: number;
  /** Tokens of an answer at most. */
  newTokens: number;
  /** How a chat model is held to the form of its answers; `json_schema` where nothing is said. */
  structuredOutput?: StructuredOutput;
  /** Name of the tokenizer of its model among `tokenizers`. */
  tokenizer?: string;
  /** What it costs, for the ledger. */
  prices?: EndpointPrices;
}

/** By a schema that the server holds the model to, as any JSON object, or in words alone. */
export type StructuredOutput = 'json_schema' | 'json_object' | 'none';

/** Money per million tokens. */
export interface EndpointPrices {
  currency: string;
  prompt: number;
  /** Prompt tokens that the server had in its prefix cache. */
  cached: number;
  completion: number;
}

/** A `tokenizer.json` of Hugging Face's format and the ids that open and close a document. */
export interface TokenizerSettings {
  file: string;
  /** A token of the file, an id, or `none`. */
  bos: string | number;
  eos: string | number;
}

/** How training jobs are started: a command of this machine. */
export interface LauncherSettings {
  kind: 'command';
  /** Program and arguments; `{input}` and `{output}` are replaced by the job's paths. */
  command: string[];
  /** Folder of the jobs. */
  directory: string;
  /** Further environment of the job; secrets of the worker are not passed on. */
  env: Record<string, string>;
}
