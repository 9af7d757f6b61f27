import type { Rendered } from './builder.ts';
import type { RenderedChain } from './render.ts';

/** A document made of examples [from, to) of a chain. */
export interface ChainDocument extends Rendered {
  from: number;
  to: number;
}

/** Examples [from, to) of a chain as one text: begins and ends with an example, a separator between any two. */
export function joinExamples(chain: RenderedChain, from = 0, to = chain.pieces.length): ChainDocument {
  const gap = Buffer.byteLength(chain.separator);
  const spans: Rendered['spans'] = [];
  let at = 0;
  const pieces = chain.pieces.slice(from, to);
  for (const piece of pieces) {
    for (const { kind, start, end } of piece.spans) spans.push({ kind, start: start + at, end: end + at });
    at += piece.bytes + gap;
  }
  return { text: pieces.map(({ text }) => text).join(chain.separator), spans, from, to };
}

/**
 * Cuts a chain into consecutive documents, each of as many examples as `fits` allows and of one at least. `fits` is
 * asked once for every border between two examples, about the document that would reach over it; a document that is
 * returned with several examples is the very object that `fits` accepted, so what was found out about it can be kept.
 */
export async function cut(
  chain: RenderedChain,
  fits: (document: ChainDocument) => boolean | Promise<boolean>,
): Promise<ChainDocument[]> {
  const documents: ChainDocument[] = [];
  let current: ChainDocument | undefined;
  for (let i = 0; i < chain.pieces.length; i++) {
    if (current === undefined) {
      current = joinExamples(chain, i, i + 1);
      continue;
    }
    const longer = joinExamples(chain, current.from, i + 1);
    if (await fits(longer)) {
      current = longer;
    } else {
      documents.push(current);
      current = joinExamples(chain, i, i + 1);
    }
  }
  if (current !== undefined) documents.push(current);
  return documents;
}
