import { tokenIds } from '../../../activities/shards/dtype.ts';
import { openSlow } from '../../../activities/tokenize/slow.ts';
import { readTokenizerFile } from '../../../activities/tokenize/tokenizer-file.ts';
import { sampleTokenizerPath } from '../../../client/sample/index.ts';
import { readChecked } from '../../../lake/commit.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import { readTable } from '../../../lake/table.ts';
import type { RunRef, TokenSpan } from '../../../workflows/contract.ts';
import { publicationOf } from '../../pipeline.ts';
import { must } from '../lib.ts';

interface Read {
  text: string;
  form: string;
  tokens: number;
  spans: TokenSpan[];
  /** Token ids, EOS among them. */
  ids: number[];
}

/** Documents of a run with the format `parquet-text`, as its shards have them. */
async function documentsOf(store: ObjectStore, run: RunRef): Promise<Read[]> {
  const found: Read[] = [];
  const { shards } = await publicationOf(store, run);
  for (const { name, bin, files = [] } of shards) {
    const file = (end: string) => {
      const output = files.find((each) => each.name === `${name}${end}`);
      if (output === undefined) throw new Error(`${name} has no ${end}`);
      return output;
    };
    const body = tokenIds(await readChecked(store, bin), 'uint16');
    const texts = await readTable(store, file('.parquet'), ['text', 'form']);
    const places = await readTable(store, file('.documents.parquet'), ['start', 'tokens', 'spans']);
    for (const [i, { text, form }] of texts.entries()) {
      const { start, tokens, spans } = places[i] ?? {};
      found.push({
        ...{ text: String(text), form: String(form), tokens: Number(tokens) },
        spans: JSON.parse(String(spans)) as TokenSpan[],
        ids: [...body.subarray(Number(start), Number(start) + Number(tokens))],
      });
    }
  }
  return found;
}

/**
 * A run over these texts, all of which were to be converted: its documents fit into rows, are what the library makes of them with spans
 * where it says, and the contexts of all together are the texts.
 */
export async function checkCut(
  store: ObjectStore,
  run: RunRef,
  texts: readonly string[],
  sequenceLength: number,
): Promise<void> {
  const documents = await documentsOf(store, run);
  const augmented = documents.filter(({ form }) => form === 'augmented');
  const longest = Math.max(...augmented.map(({ tokens }) => tokens));
  must(
    augmented.length > 100 && longest <= sequenceLength,
    `${augmented.length} augmented documents have ${longest} tokens at most`,
  );
  const library = openSlow((await readTokenizerFile(sampleTokenizerPath())).withoutSpecials());
  let spans = 0;
  const wrong: string[] = [];
  for (const { text, ids, spans: own } of documents) {
    const [encoded] = await library([text]);
    const ends = [...(encoded?.ends ?? [])];
    const endingBy = (byte: number): number => ends.filter((end) => end <= byte).length;
    const same = ids.length === ends.length + 1 && ends.every((_, i) => encoded?.ids[i] === ids[i]);
    const placed = own.every(({ start, end, from, to }) => from === endingBy(start) && to === endingBy(end));
    spans += own.length;
    if (!same || !placed) wrong.push(text.slice(0, 60));
  }
  must(
    wrong.length === 0,
    `${documents.length} documents and ${spans} spans are where the library says ${wrong.slice(0, 3).join(' | ')}`,
  );
  const contexts = documents.flatMap(({ text, spans: own }) => {
    const bytes = Buffer.from(text);
    return own
      .filter(({ kind }) => kind === 'context')
      .map(({ start, end }) => bytes.toString('utf8', start, end));
  });
  const left = new Map(texts.map((text) => [text, Array.from({ length: text.length }, () => true)]));
  const strange = contexts.filter((context) => {
    const text = texts.find((each) => each.includes(context));
    left.get(text ?? '')?.fill(false, text?.indexOf(context), (text?.indexOf(context) ?? 0) + context.length);
    return text === undefined;
  });
  must(
    strange.length === 0,
    `${contexts.length} contexts are pieces of the texts ${strange.slice(0, 2).join(' | ')}`,
  );
  const missing = [...left].map(([text, flags]) =>
    [...text]
      .filter((_, i) => flags[i])
      .join('')
      .trim(),
  );
  must(
    missing.every((each) => each === ''),
    `and nothing else than white space is between them ${missing.map((each) => each.slice(0, 80)).join('')}`,
  );
}
