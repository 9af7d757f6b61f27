import type { TextTokenizer } from './tokenizer.ts';

/** Characters that are tokenized at once. */
const BATCH_CHARACTERS = 2 ** 18;

/** Ids of each text with BOS (where the tokenizer's setting has one) and EOS, in order. */
export async function encodeDocuments(
  tokenizer: TextTokenizer,
  texts: readonly string[],
  onBatch: () => void,
): Promise<Uint32Array[]> {
  const encoded: Uint32Array[] = [];
  for (let from = 0; from < texts.length; ) {
    let to = from;
    let characters = 0;
    while (to < texts.length && (to === from || characters < BATCH_CHARACTERS)) {
      characters += texts[to]?.length ?? 0;
      to++;
    }
    onBatch();
    for (const ids of await tokenizer.encodeBatch(texts.slice(from, to)))
      encoded.push(framed(tokenizer, ids));
    from = to;
  }
  return encoded;
}

function framed({ bos, eos }: TextTokenizer, ids: readonly number[]): Uint32Array {
  const head = bos === undefined ? 0 : 1;
  const all = new Uint32Array(head + ids.length + 1);
  if (bos !== undefined) all[0] = bos;
  all.set(ids, head);
  all[all.length - 1] = eos;
  return all;
}
