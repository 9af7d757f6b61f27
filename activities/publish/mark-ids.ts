import type { Part, TokenizerJson } from '../tokenize/fast/file.ts';
import type { TextTokenizer } from '../tokenize/tokenizer.ts';
import type { TokenizerFile } from '../tokenize/tokenizer-file.ts';

/** What ids can be of a mark of the protocol; a document is decoded only where they may be one. */
export interface MarkIds {
  /** By id: some of the flags below. 0 for what may stand between the brackets of a mark. */
  flags: Uint8Array;
  /** Special tokens that no text gives: they stand at the ends of documents alone. Their spelling, by id. */
  special: ReadonlyMap<number, string>;
}

/** A special token. */
const SPECIAL = 1;
/** It may end a mark that an earlier token has opened; begin one that later ones go on with; have a whole one in it. */
const CLOSES = 2;
const OPENS = 4;
const WHOLE = 8;
/** None of those, and nothing that stands in a mark: what was opened is none. */
const BREAKS = 16;

/** Letters and digits that no mark has: what is between its brackets is `/`, blanks, and s, con, que, ans or end in either case. */
const NO_MARK = /[0-9bfghijklmprtvwxyz]/i;
const BYTE = /^<0x([0-9A-F]{2})>$/;

/** Looks what each id of a tokenizer may be of a mark, by its spelling in the vocabulary. */
export async function markIds(file: TokenizerFile, tokenizer: TextTokenizer): Promise<MarkIds> {
  const flags = new Uint8Array(tokenizer.highestId + 1);
  const spelled = decodesAsSpelled(file.json);
  for (const [token, id] of file.ids) flags[id] = (flags[id] ?? 0) | (spelled ? flagsOf(token) : WHOLE);
  const special = await specialTokens(file, tokenizer);
  for (const id of special.keys()) flags[id] = (flags[id] ?? 0) | SPECIAL;
  return { flags, special };
}

/** What is to be seen in a document, its frame (BOS and EOS) left out: where a special token stands (else -1), and whether a mark may. */
export function scanIds({ flags }: MarkIds, ids: ArrayLike<number>): { special: number; mark: boolean } {
  let mark = false;
  let open = false;
  for (let i = 0; i < ids.length; i++) {
    const flag = flags[ids[i] as number] ?? 0;
    if (flag === 0) continue;
    if ((flag & SPECIAL) !== 0) return { special: i, mark };
    if ((flag & WHOLE) !== 0 || (open && (flag & CLOSES) !== 0)) mark = true;
    open = (flag & OPENS) !== 0;
  }
  return { special: -1, mark };
}

function flagsOf(token: string): number {
  const byte = BYTE.exec(token)?.[1];
  if (byte !== undefined) return byte === '3C' ? OPENS : byte === '3E' ? CLOSES : 0;
  const last = token.lastIndexOf('<');
  const first = token.indexOf('>');
  const opens = last >= 0 && !token.includes('>', last) && !NO_MARK.test(token.slice(last));
  const closes = first >= 0 && token.lastIndexOf('<', first) < 0 && !NO_MARK.test(token.slice(0, first));
  const whole = (token.match(/<[^<>]*>/g) ?? []).some((each) => !NO_MARK.test(each));
  const flags = (opens ? OPENS : 0) | (closes ? CLOSES : 0) | (whole ? WHOLE : 0);
  if (flags !== 0) return flags;
  return last >= 0 || first >= 0 || NO_MARK.test(token) ? BREAKS : 0;
}

const KNOWN = new Set([
  'Sequence',
  'ByteLevel',
  'ByteFallback',
  'Fuse',
  'Metaspace',
  'Strip',
  'Replace',
  'WordPiece',
]);

/** Whether brackets, letters and digits of decoded text are those of its tokens: no part of the tokenizer makes them, or takes them away. */
function decodesAsSpelled({ decoder, model }: TokenizerJson): boolean {
  const affixes = { prefix: model?.continuing_subword_prefix, suffix: model?.end_of_word_suffix };
  return [decoder ?? {}, affixes].every(isPlain);
}

function isPlain(part: Part): boolean {
  return Object.entries(part).every(([name, value]) => {
    if (name === 'type') return KNOWN.has(String(value));
    // That is how it is told where a space is put.
    if (name === 'prepend_scheme') return true;
    if (typeof value === 'string') return !/[0-9a-z<>]/i.test(value);
    if (Array.isArray(value)) return value.every((each) => isPlain(each as Part));
    return typeof value !== 'object' || value === null || isPlain(value as Part);
  });
}

/** Special tokens, BOS and EOS, but for what the tokenizer gives for text that spells them, and for text that it does not know. */
async function specialTokens(
  { added, ids, unknown }: TokenizerFile,
  { bos, eos, encodeBatch }: TextTokenizer,
): Promise<Map<number, string>> {
  const special = new Map<number, string>();
  const frame = new Set([bos, eos]);
  for (const { id, content, special: is } of added) if (is === true) special.set(id, content);
  for (const [token, id] of ids) if (frame.has(id) && !special.has(id)) special.set(id, token);
  for (const [id, content] of special) {
    const given = await encodeBatch([content, `a${content}b`, ` ${content} `]);
    if (id === unknown || given.some((each) => each.ids.includes(id))) special.delete(id);
  }
  return special;
}
