// tier: readers — lists of token ids at every border of their pages (none, empty, one, many, the whole range of the type), which pyarrow reads as they were written
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { intListCases } from '../int-lists.ts';
import { caseFor, PYTHON } from '../readers/published.ts';
import { must, run, scratch, skip } from './lib.ts';

if (PYTHON === undefined)
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh does');

const folder = scratch('int-lists');
const cases = intListCases();
for (const { name, lists } of cases) {
  const file = (end: string): string => join(folder, `${name}.${end}`);
  const text = lists.map(({ length }) => (length === 0 ? null : `${length}`));
  const ids = { name: 'ids', type: 'ints', nullable: false, data: lists } as const;
  for (const codec of ['snappy', 'gzip'] as const)
    writeFileSync(file(codec), parquetBytes([ids, { name: 'text', type: 'string', data: text }], { codec }));
  writeFileSync(
    file('lengths'),
    Int32Array.from(lists, ({ length }) => length),
  );
  writeFileSync(file('values'), Buffer.concat(lists.map((list) => new Uint8Array(list.buffer))));
}
const names = cases.map(({ name }) => name);
const { code, stderr } = await run(PYTHON, caseFor('int_lists.py', folder, { folder, names }), {
  echo: true,
});
must(code === 0, `pyarrow agrees${code === 0 ? '' : `:\n${stderr}`}`);
