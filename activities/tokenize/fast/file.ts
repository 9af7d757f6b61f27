/** A `tokenizer.json`, as far as the fast way looks at it; anything may be missing or otherwise. */
export interface TokenizerJson {
  normalizer?: Part | null;
  pre_tokenizer?: Part | null;
  decoder?: Part | null;
  added_tokens?: AddedTokenJson[] | null;
  model?: ModelJson;
}
export interface Part {
  type?: string;
  [key: string]: unknown;
}
export interface AddedTokenJson {
  id: number;
  content: string;
  special?: boolean;
  single_word?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  normalized?: boolean;
}
export interface ModelJson {
  type?: string;
  vocab?: unknown;
  merges?: unknown;
  dropout?: number | null;
  unk_token?: string | null;
  unk_id?: number | null;
  continuing_subword_prefix?: string | null;
  end_of_word_suffix?: string | null;
  fuse_unk?: boolean;
  byte_fallback?: boolean;
  ignore_merges?: boolean;
}
