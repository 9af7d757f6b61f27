import type { Batches } from './files.ts';
import { bestFit, concatenated, emptyRow, type PackCounts, type PackedRow, type PackRules } from './pack.ts';
import type { ShardDocument } from './record.ts';

/** What is fitted into rows at once, about: tokens, and documents, which take some 600 bytes each beside their tokens. */
const FIT_TOKENS = 4 * 2 ** 20;
const FIT_DOCUMENTS = 2 ** 17;
/** What a batch has at most, but for one row: rows, and their tokens, which take 12 bytes each. */
const BATCH_ROWS = 512;
const BATCH_TOKENS = 2 ** 20;

/** The rows of a shard, some at a time. */
export async function* packRows(
  batches: Batches,
  pack: 'concat' | 'bestfit',
  rules: PackRules,
  counts: PackCounts,
): AsyncGenerator<PackedRow[]> {
  const most = Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_TOKENS / rules.length)));
  let rows: PackedRow[] = [];
  function* full(more: Iterable<PackedRow>): Generator<PackedRow[]> {
    for (const row of more) {
      rows.push(row);
      if (rows.length < most) continue;
      yield rows;
      rows = [];
    }
  }
  if (pack === 'concat') {
    const state = { row: emptyRow(rules), used: 0, segment: 0 };
    for await (const documents of batches) yield* full(concatenated(documents, rules, counts, state));
    if (state.used > 0) {
      counts.rows++;
      const { ids, labels, segments } = state.row;
      const cut = (each: Int32Array): Int32Array => each.slice(0, state.used);
      rows.push({ ids: cut(ids), labels: cut(labels), segments: cut(segments) });
    }
  } else {
    let waiting: ShardDocument[] = [];
    let tokens = 0;
    for await (const documents of batches) {
      for (const document of documents) {
        // Its bytes are a view of a batch that goes, and its text is in no row.
        waiting.push({ ...document, body: document.body.slice(), text: '' });
        tokens += document.tokens;
        if (tokens < FIT_TOKENS && waiting.length < FIT_DOCUMENTS) continue;
        yield* full(bestFit(waiting, rules, counts));
        waiting = [];
        tokens = 0;
      }
    }
    yield* full(bestFit(waiting, rules, counts));
  }
  if (rows.length > 0) yield rows;
}
