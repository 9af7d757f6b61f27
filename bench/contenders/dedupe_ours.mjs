// node dedupe_ours.mjs DIST SETTINGS PREFIX DOMAIN OUT: dedupe of the Parquet files under a prefix of a lake with the built package, as a
// run does it but in one thread: plan, scan, edges, verdicts. SETTINGS is JSON of the store's. Writes the dropped rows to OUT
// as JSON, and prints seconds and CPU seconds of each step.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [dist, settings, prefix, domain, out] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${dist}/${path}.js`).href);
const { openS3 } = await load('lake/s3');
const { parseSpec } = await load('lake/spec');
const { readCommit, outputOf } = await load('lake/commit');
const { readTable } = await load('lake/table');
const { UNICODE_VERSION } = await load('lake/unicode/normalise');
const { STAGE_VERSIONS } = await load('activities/versions');
const { writePins } = await load('activities/plan/pins');
const { planSources } = await load('activities/plan/plan-sources');
const { saveList } = await load('activities/lists');
const { scanPartition } = await load('activities/scan/scan-partition');
const { findDuplicates } = await load('activities/dedupe/find-duplicates');
const { decideDuplicates } = await load('activities/dedupe/decide-duplicates');
const { DUPLICATES } = await load('activities/dedupe/duplicates');

const store = openS3(JSON.parse(settings));
const services = { store, settings: {}, checkCancelled() {} };
const run = { domain, run: 'r1' };
const spec = parseSpec({
  domain,
  input: { prefix, id: 'id', text: 'text' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 1 },
  tokenizer: 'default',
  sequenceLength: 4096,
  mix: { sources: [{ from: 'augmented', weight: 1 }] },
});
// What these stages read of the pins; the others' part is of no meaning here.
await writePins(store, { ...run, spec, stages: STAGE_VERSIONS, unicode: UNICODE_VERSION });

const steps = {};
let last = [performance.now(), process.cpuUsage()];
function step(name) {
  const now = [performance.now(), process.cpuUsage()];
  const cpu = ({ user, system }) => (user + system) / 1e6;
  steps[name] = { seconds: (now[0] - last[0]) / 1000, cpuSeconds: cpu(now[1]) - cpu(last[1]) };
  last = now;
}
const { ref: plan, inputs } = await planSources(services, { run });
step('plan');
const { entries = 0 } = inputs.find(({ name }) => name === 'corpus') ?? {};
const commits = [];
let texts = 0;
for (let index = 0; index < entries; index++) {
  const done = await scanPartition(services, { run, entry: { plan, input: 'corpus', index } });
  commits.push(done.ref);
  texts += done.counts.texts ?? 0;
}
const scans = [await saveList(services, { run, items: commits })];
step('scan');
const edges = [(await findDuplicates(services, { run, plan, scans, range: 0, ranges: 1 })).ref];
step('find');
const { ref } = await decideDuplicates(services, { run, plan, scans, edges });
step('decide');
const table = outputOf(await readCommit(store, ref), DUPLICATES);
const rows = await readTable(store, table, ['key', 'row', 'similarity']);
writeFileSync(
  out,
  JSON.stringify(rows.map(({ key, row }) => [String(key).slice(prefix.length), Number(row)])),
);
store.close();
console.log(JSON.stringify({ steps, texts }));
