/** Why a tokenizer is not known to give the same ids on the fast way. */
export type RefusalReason =
  /** The model is no byte-pair encoding. */
  | 'model'
  /** Merges are left out by chance. */
  | 'dropout'
  /** Parts of words are marked by a prefix or suffix. */
  | 'affix'
  /** A merge names a token that the vocabulary has not. */
  | 'merges'
  /** Text is changed before it is cut, in a way that is not known here. */
  | 'normalizer'
  /** Text is cut in a way that is not known here. */
  | 'preTokenizer'
  /** Text is cut by a pattern that is not known here. */
  | 'pattern'
  /** A space is put before every pre-token. */
  | 'prefixSpace'
  /** A byte or letter may have no token. */
  | 'unknown'
  /** Whole words are looked up where words are not cut off from each other. */
  | 'ignoreMerges'
  /** Bytes that stand for a letter without a token are merged. */
  | 'byteTokens'
  /** An added token takes in the space around it, asks for a border, or is looked for in changed text. */
  | 'addedToken';

/** The reason, and what of the file it was. */
export interface Refusal {
  reason: RefusalReason;
  detail: string;
}

export const isRefusal = (some: object): some is Refusal => 'reason' in some && 'detail' in some;
