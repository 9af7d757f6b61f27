// node tokenize_ours.mjs DIST TOKENIZER WARM TEXTS cold|warm|again THREADS: tokenizes the texts of a JSONL file with the built package.
// `warm`: after those of WARM, five times; `again`: after the same texts, five times. Prints the seconds of it (of CPU by one thread, of the clock by several), and a digest of all ids.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const read = (file) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function open(dist, tokenizer) {
  const { openTokenizer } = await import(pathToFileURL(`${dist}/activities/tokenize/tokenizer.js`).href);
  const { refusal, encodeBatch } = await openTokenizer({ file: tokenizer, bos: 'none', eos: 2 });
  if (refusal !== undefined) throw new Error(`the slow way: ${refusal.detail}`);
  return encodeBatch;
}

/** As in a worker that has run for some seconds: a first pass is `cold`. */
const PASSES = 5;
/** Texts of which a batch is made: as the template stage does. */
const BATCH = 64;
async function encodeAll(encodeBatch, texts) {
  const ids = [];
  for (let i = 0; i < texts.length; i += BATCH) {
    for (const each of await encodeBatch(texts.slice(i, i + BATCH))) ids.push(each.ids);
  }
  return ids;
}

if (isMainThread) {
  const [dist, tokenizer, warm, texts, how, threads] = process.argv.slice(2);
  const workers = Array.from(
    { length: Number(threads) },
    (_, index) =>
      new Worker(new URL(import.meta.url), {
        workerData: { dist, tokenizer, warm, texts, how, index, of: Number(threads) },
      }),
  );
  const messages = () =>
    Promise.all(workers.map((worker) => new Promise((done) => worker.once('message', done))));
  await messages();
  const done = messages();
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  for (const worker of workers) worker.postMessage('go');
  await done;
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = threads === '1' ? (user + system) / 1e6 : (performance.now() - before) / 1000;
  const answers = messages();
  for (const worker of workers) worker.postMessage('tell');
  const ended = await answers;
  const digest = createHash('sha256');
  // Texts are dealt out in turn.
  const most = Math.max(...ended.map(({ length }) => length));
  for (let i = 0; i < most; i++) for (const each of ended) if (i < each.length) digest.update(each[i]);
  console.log(JSON.stringify({ digest: digest.digest('hex'), seconds }));
  await Promise.all(workers.map((worker) => worker.terminate()));
} else {
  const { dist, tokenizer, warm, texts, how, index, of } = workerData;
  const encodeBatch = await open(dist, tokenizer);
  const mine = read(texts).filter((_, i) => i % of === index);
  const before = how === 'warm' ? read(warm) : mine;
  for (let pass = 0; pass < (how === 'cold' ? 0 : PASSES); pass++) await encodeAll(encodeBatch, before);
  parentPort.once('message', async () => {
    const ids = await encodeAll(encodeBatch, mine);
    parentPort.postMessage('done');
    await new Promise((tell) => parentPort.once('message', tell));
    parentPort.postMessage(ids.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)));
  });
  parentPort.postMessage('ready');
}
