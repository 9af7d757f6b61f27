import { decodeUtf8Strict } from '../../lake/parquet/cells.ts';
import type { SourceObject } from '../../lake/parquet/footer.ts';
import { piecesOf } from '../../lake/pieces.ts';
import type { ObjectStore } from '../../lake/store.ts';

/** A line of a text object: its text, or why it has none. */
export type Line = { number: number } & ({ text: string } | { problem: string });

/** A line beyond this is no record; only its length is read of it. */
const LINE_BYTES = 64 * 2 ** 20;
const NEWLINE = 0x0a;
const BLANK = /^[ \t\r\ufeff]*$/;

/** The lines of an object in order, numbered from 1, blank ones left out. In memory is a line. Throws InputChanged. */
export async function* linesOf(
  store: ObjectStore,
  { key, etag, size }: SourceObject,
  lineBytes = LINE_BYTES,
): AsyncGenerator<Line> {
  let number = 0;
  let held: Uint8Array[] = [];
  let length = 0;
  function take(piece: Uint8Array): void {
    length += piece.length;
    if (length <= lineBytes) held.push(piece);
    else held = [];
  }
  function* end(): Generator<Line> {
    number++;
    if (length > lineBytes) {
      yield { number, problem: `longer than ${lineBytes} bytes` };
    } else {
      const text = decodeUtf8Strict(Buffer.concat(held));
      if (text === undefined) yield { number, problem: 'its bytes are not UTF-8' };
      else if (!BLANK.test(text)) yield { number, text: number === 1 ? text.replace(/^\ufeff/, '') : text };
    }
    held = [];
    length = 0;
  }
  for await (const bytes of piecesOf(store, { key, size }, { ifMatch: etag })) {
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      take(bytes.subarray(from, to));
      yield* end();
      from = to + 1;
    }
    take(bytes.subarray(from));
  }
  if (length > 0) yield* end();
}
