// node hyparquet.mjs FILE: reads id and text of a Parquet file as hyparquet's documentation shows it, all rows at once.
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { rowDigest } from './digest.mjs';

const [path] = process.argv.slice(2);
const started = performance.now();
const file = await asyncBufferFromFile(path);
const rows = await parquetReadObjects({ file, columns: ['id', 'text'], compressors });
const seconds = (performance.now() - started) / 1000;

const digest = rowDigest();
for (const row of rows) digest.add(row);
console.log(digest.line(seconds));
