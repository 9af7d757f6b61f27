// tier: manual — both real servers of llama.cpp: what our requests rest on (tokens, refusals, keys), and an ingest to publication through each

import { readManifest } from '../../activities/publish/verify.ts';
import type { Entry } from '../../activities/synthesize/entry.ts';
import { ENTRIES, ENTRY_COLUMNS, entryOf } from '../../activities/synthesize/entry-table.ts';
import type { Round } from '../../activities/synthesize/generators/generator.ts';
import { prompt } from '../../activities/synthesize/protocol/prompt.ts';
import { sliceBytes } from '../../activities/synthesize/slots.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { outputOf } from '../../lake/commit.ts';
import { readTable } from '../../lake/table.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { commitsOf, publicationOf, putTexts, textSpec } from '../pipeline.ts';
import { must, scratch } from './lib.ts';
import { KEY, KINDS, type Kind, type Llama, type LlamaServer, MODEL, openLlama } from './parts/llama.ts';
import {
  HOSTILE,
  LONG,
  NEW_TOKENS,
  PIN,
  SAMPLE,
  showBos,
  showChat,
  showRequests,
  showSameAnswers,
} from './parts/llama-requests.ts';
import { openScene, type Scene } from './parts/scene.ts';
import { gazetteerText } from './parts/texts.ts';

const DOMAIN = 'llama';
const TEXTS = [...SAMPLE, ...Array.from({ length: 20 }, (_, i) => gazetteerText(i))];
const CORPUS = [...TEXTS, ...HOSTILE, LONG];

const folder = scratch('llama-model');
const llama = await openLlama(folder);
const servers: LlamaServer[] = [];
for (const kind of KINDS) {
  console.log(`${kind}:`);
  await showBos(await llama.serve(kind, { bos: true }), llama);
  const server = await llama.serve(kind);
  servers.push(server);
  await showRequests(server, llama);
  await showChat(server);
}
await showSameAnswers(servers);
process.env.LLAMA_KEY = KEY;
const scene = await openScene('llama', {
  endpoints: Object.fromEntries(
    servers.map(({ kind, url }) => [
      nameOf(kind),
      {
        url,
        model: MODEL,
        apiKeyEnv: 'LLAMA_KEY',
        concurrency: 4,
        window: PIN.window,
        newTokens: NEW_TOKENS,
      },
    ]),
  ),
});
try {
  await putTexts(scene.store, `raw/${DOMAIN}/texts.parquet`, CORPUS);
  await scene.startWorker();
  for (const { kind } of servers) await showIngest(kind, scene, llama);
} finally {
  await scene.close();
  for (const server of servers) await server.stop();
}

async function showIngest(kind: Kind, { client, store, start }: Scene, { encode }: Llama): Promise<void> {
  const run: RunRef = { domain: DOMAIN, run: nameOf(kind) };
  const spec = textSpec(DOMAIN, {
    synthesize: { generator: 'instruction-synthesizer', endpoint: nameOf(kind), rounds: 2, share: 1 },
    mix: {
      sources: [
        { from: 'augmented', weight: 1 },
        { from: 'raw', weight: 1 },
      ],
    },
  });
  await client.workflow.getHandle(await start(spec, run.run)).result();
  const checks = await verifyRun(store, run, () => {});
  const wrong = checks.filter(({ ok }) => !ok);
  must(wrong.length === 0, `${kind}: an ingest is published; of ${checks.length} checks on it all are well`);
  const { counts, smokeTest, pins } = await readManifest(store, (await publicationOf(store, run)).manifest);
  const { texts, pairs, usage } = counts;
  must(!smokeTest && pins.generator.model === MODEL, `its model is ${pins.generator.model}`);
  const entries = await entriesOf(store, run);
  must(
    texts.converted === CORPUS.length && texts.setAside === 0 && texts.prompted > CORPUS.length,
    `${texts.converted} texts were prompted in ${texts.prompted} parts, none was set aside`,
  );
  must(
    texts.withPairs > 0 && texts.withPairs < texts.prompted && texts.linked > 0,
    `${texts.withPairs} of them got ${pairs.valid} pairs, ${texts.linked} are linked to the one before`,
  );
  const reasons = tally(entries);
  const dropped = Object.values(reasons).reduce((sum, each) => sum + each, 0);
  must(
    dropped > 0 && dropped === pairs.dropped,
    `${dropped} segments were dropped: ${JSON.stringify(reasons)}`,
  );
  const documents = counts.documents;
  console.log(`  documents: ${JSON.stringify(documents)}`);
  must(
    entries.every(({ completionTokens }) => completionTokens > 0 && completionTokens <= NEW_TOKENS),
    `the answers have ${usage.completionTokens} tokens, none more than ${NEW_TOKENS}`,
  );
  const lengths = await Promise.all(promptsOf(entries).map(async (text) => (await encode(text)).length));
  const differing = entries.filter(({ promptTokens }, i) => promptTokens !== lengths[i]).length;
  must(
    differing === 0 && sum(lengths) === usage.promptTokens,
    `each of the ${entries.length} prompts, ${entries.filter(({ history }) => history > 0).length} of them with history, has the tokens that the server counted: ${usage.promptTokens}`,
  );
}

async function entriesOf(store: Scene['store'], run: RunRef): Promise<Entry[]> {
  const names = ENTRY_COLUMNS.map(({ name }) => name);
  const tables = await Promise.all(
    (await commitsOf(store, run, 'synthesize')).map((commit) =>
      readTable(store, outputOf(commit, ENTRIES), names),
    ),
  );
  return tables
    .flat()
    .map(entryOf)
    .sort((a, b) => a.round - b.round);
}

/** The prompts of entries, written once more from the corpus and what each slot had behind it. */
function promptsOf(entries: readonly Entry[]): string[] {
  const slots = new Map<string, Round[]>();
  return entries.map(({ slot, row, start, end, history, pairs }) => {
    const before = slots.get(slot) ?? [];
    const context = sliceBytes(CORPUS[row] ?? '', start, end);
    slots.set(slot, [...before, { context, pairs }]);
    return prompt(before.slice(before.length - history), context);
  });
}

function tally(entries: readonly Entry[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { drops } of entries)
    for (const [reason, count] of Object.entries(drops)) reasons[reason] = (reasons[reason] ?? 0) + count;
  return reasons;
}

/** Endpoints and runs have no dots or underlines in their names. */
function nameOf(kind: Kind): string {
  return kind === 'llama-server' ? kind : 'llama-cpp-python';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
