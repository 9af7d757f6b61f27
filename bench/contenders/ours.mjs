// node ours.mjs DIST FILE: reads id and text of a Parquet file with the built package, batch by batch. The clock stands
// while a batch is hashed.
import { pathToFileURL } from 'node:url';
import { rowDigest } from './digest.mjs';
import { fileStore } from './file-store.mjs';

const [dist, path] = process.argv.slice(2);
const { readFooter } = await import(pathToFileURL(`${dist}/lake/parquet/footer.js`).href);
const { readRows } = await import(pathToFileURL(`${dist}/lake/parquet/rows.js`).href);

const digest = rowDigest();
let milliseconds = 0;
let started = performance.now();
const { store, source, close } = await fileStore(path);
const footer = await readFooter(store, source);
for await (const { rows } of readRows(store, source, footer, { columns: ['id', 'text'] })) {
  milliseconds += performance.now() - started;
  for (const row of rows) digest.add(row);
  started = performance.now();
}
await close();
milliseconds += performance.now() - started;
console.log(digest.line(milliseconds / 1000));
