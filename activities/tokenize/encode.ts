import type { Span, TokenSpan } from '../../workflows/contract.ts';
import type { Encoded } from './slow.ts';
import type { TextTokenizer } from './tokenizer.ts';

/** Characters that are tokenized at once. */
const BATCH_CHARACTERS = 2 ** 18;

/** What a document is made of before it is tokenized. */
export interface Spanned {
  text: string;
  spans: readonly Span[];
}
/** Its tokens with BOS (where the tokenizer's setting has one) and EOS, and the tokens of each span. */
export interface Tokens {
  ids: Uint32Array;
  spans: TokenSpan[];
  /** Bytes of its text. */
  bytes: number;
  /** Whether the library tokenized it. */
  slow: boolean;
}

/** The tokens of each document, in order. */
export async function encodeDocuments(
  tokenizer: TextTokenizer,
  documents: readonly Spanned[],
  onBatch: () => void,
): Promise<Tokens[]> {
  const encoded: Tokens[] = [];
  for (let from = 0; from < documents.length; ) {
    let to = from;
    let characters = 0;
    while (to < documents.length && (to === from || characters < BATCH_CHARACTERS)) {
      characters += documents[to]?.text.length ?? 0;
      to++;
    }
    onBatch();
    const batch = documents.slice(from, to);
    const tokens = await tokenizer.encodeBatch(batch.map(({ text }) => text));
    for (const [i, { spans }] of batch.entries()) {
      encoded.push(framed(tokenizer, tokens[i] as Encoded, spans));
    }
    from = to;
  }
  return encoded;
}

function framed({ bos, eos }: TextTokenizer, { ids, ends, slow }: Encoded, spans: readonly Span[]): Tokens {
  const head = bos === undefined ? 0 : 1;
  const all = new Uint32Array(head + ids.length + 1);
  if (bos !== undefined) all[0] = bos;
  all.set(ids, head);
  all[all.length - 1] = eos;
  const tokenSpans = spans.map((span) => ({
    ...span,
    from: head + endingBy(ends, span.start),
    to: head + endingBy(ends, span.end),
  }));
  return { ids: all, spans: tokenSpans, bytes: ends.at(-1) ?? 0, slow: slow === true };
}

/** How many tokens end at `byte` or before it. */
function endingBy(ends: Uint32Array, byte: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] as number) <= byte) low = middle + 1;
    else high = middle;
  }
  return low;
}
