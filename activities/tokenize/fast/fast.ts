import { type Finder, openFinder } from './added.ts';
import { isStable } from './classes.ts';
import type { FastModel } from './model.ts';
import { openWords, SLACK, type TokenSink } from './words.ts';

/** Tokens of a text: `ends` are offsets in its UTF-8 bytes. */
export interface FastEncoded {
  ids: Uint32Array;
  ends: Uint32Array;
}

/** Bytes that are kept for texts between two calls; a longer text has a buffer of its own. */
const KEPT_BYTES = 4 * 2 ** 20;
/** Room before a text, for a space in front of it. */
const FRONT = 1;
const SPACE = 0x20;

/**
 * Tokenizes by a model that is proved: pre-tokens are scanned by class tables, and looked up as bytes. Returns null for a text
 * that the model leaves to the slow way.
 */
export function openFast(model: FastModel): (text: string) => FastEncoded | null {
  const { prefix, prefixOnce } = model;
  const highest = [...model.lengths.keys()].reduce((most, id) => Math.max(most, id), 0);
  const lengths = new Uint32Array(highest + 1);
  for (const [id, length] of model.lengths) lengths[id] = length;
  const { putWords, putToken } = openWords(model.scan, model.spell, lengths);
  const finders = [model.added, model.addedLater].filter((some) => some.length > 0).map(openFinder);
  const sink: TokenSink = { ids: new Uint32Array(2 ** 16), ends: new Uint32Array(2 ** 16), count: 0 };
  let kept = Buffer.alloc(0);

  function words(bytes: Uint8Array, view: DataView, from: number, end: number): void {
    let at = from;
    let before = 0;
    const missing = bytes[from] !== SPACE;
    const prefixed =
      (prefix === 'always' || (prefix === 'missing' && missing)) && !(prefixOnce && from > FRONT);
    if (prefixed) {
      at--;
      before = bytes[at] as number;
      bytes[at] = SPACE;
    }
    const first = sink.count;
    putWords(bytes, view, at, end, sink, FRONT);
    if (!prefixed) return;
    bytes[from - 1] = before;
    // A space that is a token by itself ends with the first letter in the library: here within it, as the letter's own parts may.
    if (sink.ends[first] === from - FRONT) sink.ends[first] = from - FRONT + 1;
  }

  /** Words between added tokens; those that the first finder finds, then in what is left those of the next. */
  function pieces(bytes: Uint8Array, view: DataView, from: number, end: number, depth: number): void {
    const finder: Finder | undefined = finders[depth];
    let at = from;
    while (at < end) {
      const token = finder?.find(bytes, at, end) ? finder.token : undefined;
      const to = token === undefined ? end : (finder?.at as number);
      if (to > at) {
        if (depth + 1 < finders.length) pieces(bytes, view, at, to, depth + 1);
        else words(bytes, view, at, to);
      }
      if (token === undefined) return;
      at = to + token.bytes.length;
      putToken(sink, token.id, at - FRONT);
    }
  }

  return (text) => {
    const most = FRONT + text.length * 3 + SLACK;
    let bytes = kept;
    if (most > kept.length) {
      bytes = Buffer.alloc(Math.max(most, 2 ** 16));
      if (most <= KEPT_BYTES) kept = bytes;
    }
    const end = FRONT + bytes.write(text, FRONT, 'utf8');
    if (model.normalized && !isStable(bytes, FRONT, end)) return null;
    if (model.spaceLetter && hasSpaceLetter(bytes, end)) return null;
    sink.count = 0;
    pieces(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), FRONT, end, 0);
    return { ids: sink.ids.slice(0, sink.count), ends: sink.ends.slice(0, sink.count) };
  };
}

/** Whether U+2581 stands in a text. */
const hasSpaceLetter = (bytes: Buffer, end: number): boolean =>
  bytes.subarray(0, end).includes(SPACE_LETTER_BYTES);
const SPACE_LETTER_BYTES = Buffer.from('\u2581');
