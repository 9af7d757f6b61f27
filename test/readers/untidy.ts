import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetBytes } from '../../lake/parquet/write.ts';
import type { ObjectStore } from '../../lake/store.ts';

/** Files that every collection has some of. (Not `one-huge-document`: thousands of parts for one row.) */
const BROKEN = [
  'bit-rot',
  'duplicate-ids',
  'integer-ids',
  'invalid-utf8',
  'markers-in-text',
  'no-id-column',
  'no-rows',
  'no-text-column',
  'not-parquet',
  'null-and-blank-text',
  'truncated',
  'zero-bytes',
];

/** Puts an untidy collection into a lake: a file twice, texts that differ in form alone, broken files. As PUTs, since `import` refuses some. */
export async function putUntidy(store: ObjectStore, prefix: string, data: string): Promise<void> {
  const tidy = readFileSync(join(data, 'corpus', 'ninds.parquet'));
  await store.put(`${prefix}first.parquet`, tidy);
  await store.put(`${prefix}second.parquet`, tidy);
  for (const name of BROKEN) {
    await store.put(`${prefix}${name}.parquet`, readFileSync(join(data, 'broken', `${name}.parquet`)));
  }
  await store.put(
    `${prefix}forms.parquet`,
    parquetBytes([
      column(
        'id',
        FORMS.map((_, i) => `f${i}`),
      ),
      column('text', FORMS),
    ]),
  );
}

/** Two texts: one in four forms that fold to one, and one in two forms that do not. */
const FORMS = [
  'Straße No. 5: The office of Dr. Ångström is on the fifth ﬂoor.',
  '  STRAßE NO. 5:\tThe  office of Dr. A\u030angstro\u0308m is on the fifth floor.\n',
  'Ｓtraße No. ５: The office of Dr.\u00a0Ångström is on\u2003the fifth floor.',
  'straße no. 5: the office of dr. \u212bngström is on the fifth ﬂoor.',
  'A full stop makes two texts of one',
  'A full stop makes two texts of one.',
];

const column = (name: string, data: string[]) => ({ name, type: 'string' as const, nullable: false, data });
