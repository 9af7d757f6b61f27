import type { RecordBatch } from 'apache-arrow';
import type { PackedRow } from './pack.ts';

/**
 * Rows as an Arrow IPC stream, which `datasets` of Hugging Face opens by memory map: columns input_ids, labels, segment_ids, each a list of
 * int32; a record batch for each batch of rows. The library is loaded when the format is asked for.
 */
export async function* arrowStream(batches: AsyncIterable<readonly PackedRow[]>): AsyncGenerator<Uint8Array> {
  const arrow = await import('apache-arrow');
  const int32 = new arrow.Int32();
  const list = new arrow.List(new arrow.Field('item', int32, false));
  const schema = new arrow.Schema(
    ['input_ids', 'labels', 'segment_ids'].map((name) => new arrow.Field(name, list, false)),
  );
  function batchOf(rows: readonly PackedRow[]): RecordBatch {
    const columns = (['ids', 'labels', 'segments'] as const).map((name) => {
      const values = new Int32Array(rows.reduce((sum, row) => sum + row[name].length, 0));
      const valueOffsets = new Int32Array(rows.length + 1);
      let at = 0;
      for (const [i, row] of rows.entries()) {
        values.set(row[name], at);
        at += row[name].length;
        valueOffsets[i + 1] = at;
      }
      const child = arrow.makeData({ type: int32, length: at, nullCount: 0, data: values });
      return arrow.makeData({ type: list, length: rows.length, nullCount: 0, valueOffsets, child });
    });
    const data = arrow.makeData({
      type: new arrow.Struct(schema.fields),
      length: rows.length,
      nullCount: 0,
      children: columns,
    });
    return new arrow.RecordBatch(schema, data);
  }
  // The library's own queue takes what it is given, however slowly it is read.
  let pieces: Uint8Array[] = [];
  const sink = Object.assign(new arrow.AsyncByteQueue(), {
    write: (piece: Uint8Array) => void pieces.push(piece),
  });
  const writer = new arrow.RecordBatchStreamWriter().reset(sink);
  function* written(): Generator<Uint8Array> {
    const some = pieces;
    pieces = [];
    yield* some;
  }
  // A stream without rows still says what its columns are.
  writer.write(batchOf([]));
  for await (const rows of batches) {
    if (rows.length > 0) writer.write(batchOf(rows));
    yield* written();
  }
  writer.finish();
  yield* written();
}
