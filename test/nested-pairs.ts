import { parquetWriteBuffer } from 'hyparquet-writer';

/** Parquet as augmented corpora are published: `context`, and `QA_list`, a list of structs. */
export function nestedPairs(
  contexts: readonly string[],
  lists: readonly (readonly { Q: string; A: string }[])[],
): Uint8Array {
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
  const bytes = parquetWriteBuffer({
    schema: [
      { name: 'schema', num_children: 2 },
      { name: 'context', ...text },
      { name: 'QA_list', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', num_children: 2 },
      { name: 'Q', ...text },
      { name: 'A', ...text },
    ],
    columnData: [
      { name: 'context', data: [...contexts] },
      { name: 'QA_list', data: lists.map((list) => [...list]) },
    ],
  });
  return new Uint8Array(bytes);
}
