import type { Spelled } from './added.ts';
import { readBpe } from './bpe.ts';
import { byteLevelSpelling } from './byte-level.ts';
import { isStable } from './classes.ts';
import type { Cut } from './cut.ts';
import type { Part, TokenizerJson } from './file.ts';
import { cutBy } from './patterns.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { SPACE_LETTER, sentencePieceSpelling } from './sentence-piece.ts';
import type { Spelling } from './spelling.ts';

/** What is put before a text, and before what follows an added token: nothing, a space where there is none, or always one. */
export type Prefix = 'none' | 'missing' | 'always';

/** A tokenizer that is known to do nothing else than this to a text. */
export interface FastModel extends Spelling {
  cut: Cut;
  prefix: Prefix;
  /** Whether the prefix stands before the text alone, and not behind added tokens as well. */
  prefixOnce: boolean;
  /** Texts that NFC may change are for the slow way. */
  normalized: boolean;
  /** Texts with the letter that stands for a space are for the slow way. */
  spaceLetter: boolean;
  /** Added tokens that text may spell: those that are looked for first, and those that are looked for in what is left. */
  added: Spelled[];
  addedLater: Spelled[];
}

/**
 * Proves that the fast way does all that a tokenizer does, or says why not. Ids of added tokens must be those that the library
 * gives them.
 */
export function readModel(json: TokenizerJson): FastModel | Refusal {
  const bpe = readBpe(json.model ?? {});
  if (isRefusal(bpe)) return bpe;
  const normalizer = readNormalizer(json.normalizer ?? null);
  if (isRefusal(normalizer)) return normalizer;
  const pre = readPreTokenizer(json.pre_tokenizer ?? null);
  if (isRefusal(pre)) return pre;
  const added = readAdded(json);
  if (isRefusal(added)) return added;
  if (pre.kind === 'bytes') {
    if (normalizer.kind === 'spaces') {
      return { reason: 'normalizer', detail: 'spaces are replaced before text is cut into bytes' };
    }
    const spelling = byteLevelSpelling(bpe);
    if (isRefusal(spelling)) return spelling;
    const { cut, prefix } = pre;
    const normalized = normalizer.kind === 'nfc';
    return {
      cut,
      ...spelling,
      prefix,
      prefixOnce: false,
      normalized,
      spaceLetter: false,
      ...added,
    };
  }
  const spaces = normalizer.kind === 'spaces' ? normalizer : pre.kind === 'spaces' ? pre : undefined;
  if (
    spaces === undefined ||
    normalizer.kind === 'nfc' ||
    (normalizer.kind === 'spaces' && pre.kind === 'spaces')
  ) {
    return { reason: 'preTokenizer', detail: 'text is neither cut into words nor are its spaces replaced' };
  }
  if (added.addedLater.length > 0) {
    return { reason: 'addedToken', detail: 'an added token is looked for in text whose spaces are replaced' };
  }
  const spelling = sentencePieceSpelling(bpe, pre.kind === 'spaces' && pre.split);
  if (isRefusal(spelling)) return spelling;
  const { prefix, prefixOnce } = spaces;
  return { ...spelling, prefix, prefixOnce, normalized: false, spaceLetter: true, ...added };
}

type Added = Pick<FastModel, 'added' | 'addedLater'>;
interface Spaces {
  kind: 'spaces';
  prefix: Prefix;
  prefixOnce: boolean;
}

function readNormalizer(part: Part | null): Spaces | { kind: 'none' | 'nfc' } | Refusal {
  const parts = part === null ? [] : part.type === 'Sequence' ? ((part.normalizers ?? []) as Part[]) : [part];
  const types = parts.map(({ type }) => type).join(' ');
  if (types === '') return { kind: 'none' };
  if (types === 'NFC') return { kind: 'nfc' };
  const replaces = parts.at(-1);
  const prepends = parts.length > 1 ? parts[0] : undefined;
  const known =
    (types === 'Replace' || types === 'Prepend Replace') &&
    (replaces?.pattern as Part | undefined)?.String === ' ' &&
    replaces?.content === SPACE_LETTER &&
    (prepends === undefined || prepends.prepend === SPACE_LETTER);
  if (known) return { kind: 'spaces', prefix: prepends === undefined ? 'none' : 'always', prefixOnce: false };
  return { reason: 'normalizer', detail: `normalizer ${JSON.stringify(part)}` };
}

function readPreTokenizer(
  part: Part | null,
): { kind: 'none' } | { kind: 'bytes'; cut: Cut; prefix: Prefix } | (Spaces & { split: boolean }) | Refusal {
  if (part === null) return { kind: 'none' };
  const unknown: Refusal = { reason: 'preTokenizer', detail: `pre_tokenizer ${JSON.stringify(part)}` };
  if (part.type === 'Metaspace') {
    const scheme = part.prepend_scheme;
    if (
      part.replacement !== SPACE_LETTER ||
      (scheme !== 'always' && scheme !== 'first' && scheme !== 'never')
    ) {
      return unknown;
    }
    const prefix = scheme === 'never' ? 'none' : 'missing';
    return { kind: 'spaces', prefix, prefixOnce: scheme === 'first', split: part.split !== false };
  }
  if (part.type === 'ByteLevel') {
    if (part.use_regex === false) return { reason: 'pattern', detail: 'text is not cut at all' };
    return {
      kind: 'bytes',
      cut: { by: 'gpt2' },
      prefix: part.add_prefix_space === true ? 'missing' : 'none',
    };
  }
  if (part.type !== 'Sequence') return unknown;
  const [split, bytes, more] = (part.pretokenizers ?? []) as Part[];
  if (split?.type !== 'Split' || bytes?.type !== 'ByteLevel' || more !== undefined) return unknown;
  if (bytes.use_regex !== false) return { reason: 'pattern', detail: 'text is cut by two patterns' };
  if (bytes.add_prefix_space === true) {
    return { reason: 'prefixSpace', detail: 'add_prefix_space puts a space before every pre-token' };
  }
  const pattern = (split.pattern as Part | undefined)?.Regex;
  const cut = typeof pattern === 'string' ? cutBy(pattern) : undefined;
  if (cut === undefined || !keepsMatches(split)) {
    return { reason: 'pattern', detail: `text is cut by ${JSON.stringify(split)}` };
  }
  return { kind: 'bytes', cut, prefix: 'none' };
}

/** Known patterns match every letter, so that taking away what they do not match takes nothing away, and leaves each match by itself. */
const keepsMatches = ({ behavior, invert }: Part): boolean =>
  invert === true ? behavior === 'Removed' : behavior === 'Isolated';

function readAdded(json: TokenizerJson): Added | Refusal {
  const added: Spelled[] = [];
  const addedLater: Spelled[] = [];
  for (const token of json.added_tokens ?? []) {
    const { id, content, special } = token;
    if (special === true || content === '') continue;
    if (token.single_word || token.lstrip || token.rstrip) {
      return { reason: 'addedToken', detail: `added token ${JSON.stringify(token)}` };
    }
    const bytes = Buffer.from(content);
    if (json.normalizer && token.normalized !== false && !isStable(bytes, 0, bytes.length)) {
      return { reason: 'addedToken', detail: `added token ${JSON.stringify(token)} may be changed by NFC` };
    }
    const spelled = { id, bytes };
    // Where a file says nothing, ordinary added tokens are looked for in normalized text.
    if (token.normalized === false) added.push(spelled);
    else addedLater.push(spelled);
  }
  return { added, addedLater };
}
