import { type BodyIds, type Dtype, tokenIds } from './dtype.ts';

/**
 * The token ids of each document of a body that comes in pieces: of each piece the documents that end in it. Holds a piece, and the
 * document that goes over its border.
 */
export async function* documentsIn(
  pieces: AsyncIterable<Uint8Array>,
  lengths: Iterable<number>,
  dtype: Dtype,
): AsyncGenerator<BodyIds[]> {
  const rest = lengths[Symbol.iterator]();
  let length = rest.next().value ?? Number.POSITIVE_INFINITY;
  /** What came of the document under way, and how many tokens that is. */
  let begun: BodyIds[] = [];
  let have = 0;
  for await (const piece of pieces) {
    const ids = tokenIds(piece, dtype);
    const documents: BodyIds[] = [];
    let at = 0;
    for (let end = length - have; end <= ids.length; end = at + length) {
      documents.push(joined(begun, ids.subarray(at, end)));
      begun = [];
      have = 0;
      at = end;
      length = rest.next().value ?? Number.POSITIVE_INFINITY;
    }
    if (at < ids.length) {
      begun.push(ids.subarray(at));
      have += ids.length - at;
    }
    yield documents;
  }
}

function joined(begun: readonly BodyIds[], end: BodyIds): BodyIds {
  if (begun.length === 0) return end;
  const all =
    end instanceof Uint16Array ? new Uint16Array(total(begun, end)) : new Int32Array(total(begun, end));
  let at = 0;
  for (const part of [...begun, end]) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const total = (begun: readonly BodyIds[], end: BodyIds): number =>
  begun.reduce((sum, { length }) => sum + length, end.length);
