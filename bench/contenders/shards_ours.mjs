// node shards_ours.mjs DIST SETTINGS RUN MB FORMATS: from documents that are tokenized to shards with the built package, as a run does it but in
// one thread: mix, exchange of 8 partitions, shards. SETTINGS is JSON of the store's. MB of token ids of documents between 100 and 4,000
// tokens; FORMATS by names, joined by commas. Prints seconds of each step, bytes of the bodies and of all files, and a digest of the bodies.
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [dist, settings, name, mb, formats] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${dist}/${path}.js`).href);
const { openS3 } = await load('lake/s3');
const { parseSpec } = await load('lake/spec');
const { commitStage, readCommit } = await load('lake/commit');
const { openStream } = await load('lake/random');
const { UNICODE_VERSION } = await load('lake/unicode/normalise');
const { STAGE_VERSIONS } = await load('activities/versions');
const { writePins } = await load('activities/plan/pins');
const { saveList } = await load('activities/lists');
const { writeDocuments } = await load('activities/tokenize/documents');
const { mixSources } = await load('activities/mix/mix-sources');
const { exchangePartition } = await load('activities/shards/exchange-partition');
const { buildShard } = await load('activities/shards/build-shard');

const PARTITIONS = 8;
const store = openS3(JSON.parse(settings));
const services = { store, settings: {}, checkCancelled() {} };
const run = { domain: 'bench', run: name };
const spec = parseSpec({
  domain: 'bench',
  input: { prefix: 'raw/bench/', text: 'text' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
  tokenizer: 'default',
  sequenceLength: 2048,
  mix: { sources: [{ from: 'raw', repeat: 1 }] },
  shards: { formats: formats.split(','), bytes: 64e6, pack: 'bestfit' },
});
const tokenizer = { name: 'default', sha256: '', bos: null, eos: 1, highestId: 50_000 };
await writePins(store, { ...run, spec, stages: STAGE_VERSIONS, unicode: UNICODE_VERSION, tokenizer });

const random = openStream('bench', 'shards', 'documents');
/** Documents of one partition: their ids stand for text, of which there are four bytes a token. */
function* documentsOf(partition) {
  const tokens = (Number(mb) * 1e6) / 2 / PARTITIONS;
  for (let made = 0, n = 0; made < tokens; n++) {
    const ids = new Uint32Array(100 + random.below(3_900));
    for (let i = 0; i < ids.length - 1; i++) ids[i] = 2 + random.below(49_000);
    ids[ids.length - 1] = 1;
    made += ids.length;
    const id = createHash('sha256').update(`${partition} ${n}`).digest('hex').slice(0, 32);
    const bytes = ids.length * 4;
    const spans = [{ kind: 'context', start: 0, end: bytes, from: 0, to: ids.length - 1 }];
    const text = 'some'.repeat(ids.length);
    yield [{ id, unit: id, source: 'raw', draw: 0, when: 'always', text, spans, ids, bytes, slow: false }];
  }
}
const steps = {};
let last = performance.now();
function step(what) {
  const now = performance.now();
  steps[what] = (now - last) / 1000;
  last = now;
}
const commits = [];
for (let partition = 0; partition < PARTITIONS; partition++) {
  const { ref } = await commitStage(
    store,
    run,
    { stage: 'template', version: 1, unit: `p${partition}`, spec: null, inputs: [], etags: [] },
    async (folder) => {
      const written = await writeDocuments(folder, documentsOf(partition), ['augmented', 'raw'], {
        ...{ seed: spec.seed, dtype: 'uint16', share: 0 },
      });
      return { outputs: written.outputs, counts: {}, data: written.totals };
    },
  );
  commits.push(ref);
}
const documents = { corpus: [await saveList(services, { run, items: commits })] };
step('documents');
const { ref: mix, shards } = await mixSources(services, { run, documents });
step('mix');
const exchanged = [];
for (const ref of commits) {
  exchanged.push((await exchangePartition(services, { run, documents: ref, mix, input: 'corpus' })).ref);
}
const exchanges = { corpus: [await saveList(services, { run, items: exchanged })] };
step('exchange');
const digest = createHash('sha256');
let bytes = 0;
let all = 0;
for (let shard = 0; shard < shards; shard++) {
  const { ref } = await buildShard(services, { run, mix, exchanges, shard });
  const { outputs } = await readCommit(store, ref);
  digest.update(outputs[0].sha256);
  bytes += outputs[0].size;
  for (const { size } of outputs) all += size;
}
step('shards');
store.close();
console.log(
  JSON.stringify({ digest: digest.digest('hex'), seconds: steps.shards, steps, bytes, all, shards }),
);
