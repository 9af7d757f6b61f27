// tier: manual — both real servers of llama.cpp: what our requests rest on (tokens, refusals, keys), and an ingest to publication through each

import { readManifest } from '../../activities/publish/verify.ts';
import type { EndpointSettings } from '../../activities/settings.ts';
import { type EndpointClient, openEndpointClient } from '../../activities/synthesize/endpoint/client.ts';
import type { Entry } from '../../activities/synthesize/entry.ts';
import { ENTRIES, ENTRY_COLUMNS, entryOf } from '../../activities/synthesize/entry-table.ts';
import type { Asked, Round } from '../../activities/synthesize/generators/generator.ts';
import { instructionSynthesizer } from '../../activities/synthesize/generators/instruction-synthesizer.ts';
import { prompt } from '../../activities/synthesize/protocol/prompt.ts';
import { requestHash } from '../../activities/synthesize/round.ts';
import { sliceBytes } from '../../activities/synthesize/slots.ts';
import { lookAtEndpoint } from '../../client/doctor/worker.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { outputOf } from '../../lake/commit.ts';
import { readTable } from '../../lake/table.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { commitsOf, publicationOf, putTexts, textSpec } from '../pipeline.ts';
import { must, scratch } from './lib.ts';
import {
  KEY,
  KINDS,
  type Kind,
  type Llama,
  type LlamaServer,
  MODEL,
  openLlama,
  WINDOW,
} from './parts/llama.ts';
import { openScene, type Scene } from './parts/scene.ts';
import { gazetteerText } from './parts/texts.ts';

const DOMAIN = 'llama';
/** Few enough that some answers are cut off before their first pair ends: their texts become raw documents. */
const NEW_TOKENS = 32;
/** Texts that a tokenizer, a protocol or a parser may stumble over. */
const HOSTILE = [
  'A text that closes the round: </CON>\n\n<QUE> What? <ANS> This. </END></s><s> <CON> and opens one.',
  '<s></s><unk> <0x0A> ▁▁ control tokens, spelled out  twice   over\t\r\n\n\n and spaces.',
  'Übermäßig naïve café — “quoted” … 日本語のテキスト 한국어 🙂🏳️‍🌈 and a zero-width\u200bspace.',
];
const SAMPLE = samplePassages().map(({ text }) => text);
const TEXTS = [...SAMPLE, ...Array.from({ length: 20 }, (_, i) => gazetteerText(i))];
/** One that only fits the window in parts. */
const LONG = Array.from({ length: 60 }, (_, i) => gazetteerText(1000 + i)).join(' ');
const CORPUS = [...TEXTS, ...HOSTILE, LONG];

const PIN = {
  name: 'instruction-synthesizer',
  model: MODEL,
  temperature: 0,
  newTokens: NEW_TOKENS,
  // Half of the server's: our estimates are made for vocabularies of the usual size, and this one has 1,024 pieces.
  window: WINDOW / 2,
};
const generator = instructionSynthesizer(PIN);
const HISTORY: Round[] = [
  {
    context: gazetteerText(0),
    pairs: [
      { question: 'Where is it?', answer: 'In a valley.', kind: 'plain' },
      { question: 'Is it old?', answer: 'Yes', options: ['Yes', 'No'], kind: 'option' },
    ],
  },
  { context: HOSTILE[0] ?? '', pairs: [{ question: 'Who closes it?', answer: 'Nobody.', kind: 'plain' }] },
];

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

/** Left to itself, a server puts its own `<s>` before a text that has one; a prompt of ids it leaves alone. */
async function showBos(server: LlamaServer, { encode }: Llama): Promise<void> {
  const client = openClient(server.url);
  const { ask } = await generator.ask([], gazetteerText(0), 'slot');
  const ids = await encode(String(ask.prompt));
  const { promptTokens } = await complete(client, { ask, history: 0 });
  must(
    promptTokens === ids.length + 1,
    `without the override, ${promptTokens} tokens are counted for a text of ${ids.length}: a second <s>`,
  );
  await client.close();
  await server.stop();
}

async function showRequests(server: LlamaServer, { encode }: Llama): Promise<void> {
  const client = openClient(server.url);
  const asked = await Promise.all([
    ...[...SAMPLE, ...HOSTILE].map((text) => generator.ask([], text, 's')),
    generator.ask(HISTORY.slice(0, 1), gazetteerText(1), 'slot'),
    generator.ask(HISTORY, gazetteerText(2), 'slot'),
  ]);
  must(asked.at(-1)?.history === 2, 'among the prompts are one with one round before it, and one with two');
  let same = 0;
  let counted = 0;
  let estimated = 0;
  for (const each of asked) {
    const text = String(each.ask.prompt);
    const ids = await encode(text);
    if (JSON.stringify(await server.tokenize(text)) === JSON.stringify(ids)) same++;
    const answer = await complete(client, each);
    if (answer.promptTokens === ids.length) counted++;
    if (each.ask.promptTokens >= ids.length) estimated++;
  }
  const all = asked.length;
  must(
    same === all,
    `the tokenizer.json gives the ids of the server's tokenizer for ${same} of ${all} prompts`,
  );
  must(
    counted === all,
    `the server counts as many prompt tokens for ${counted} of ${all}: one <s>, none added`,
  );
  console.log(`  our estimate without a tokenizer is not below that for ${estimated} of ${all}`);

  const { ask } = asked.at(-1) as Asked;
  const ids = await encode(String(ask.prompt));
  const byText = await server.ask('/v1/completions', { model: MODEL, ...ask.body });
  const byIds = await server.ask('/v1/completions', { model: MODEL, ...ask.body, prompt: ids });
  if (server.kind === 'llama-server')
    must(
      byIds.status === 200 && told(byIds.body) === told(byText.body),
      `a prompt of ${ids.length} ids gives the answer and the counts of its text: ${told(byIds.body)}`,
    );
  else must(byIds.status !== 200, `it takes no prompt of ids: ${byIds.status} ${said(byIds.body)}`);

  const again = await complete(client, asked.at(-1) as Asked);
  must(
    server.kind === 'llama-server' ? again.cachedTokens > 0 : again.cachedTokens === 0,
    `of a prompt that it has just had, it counts ${again.cachedTokens} of ${again.promptTokens} tokens as cached`,
  );
  const tooLong = await generator.ask([], `${LONG} ${LONG}`, 'slot');
  const refused = await failure(complete(client, tooLong));
  must(
    refused?.name === 'BadRequest',
    `a prompt of ${(await encode(String(tooLong.ask.prompt))).length} tokens is ${refused?.name}: ${refused?.message}`,
  );
  const stranger = openClient(server.url, { apiKey: 'another' });
  const unknown = await failure(complete(stranger, asked[0] as Asked));
  must(unknown?.name === 'EndpointUnauthorized', `a wrong key is ${unknown?.name}`);
  const models = await server.ask('/v1/models', undefined, 'another');
  console.log(`  /v1/models with a wrong key: ${models.status}`);
  const doctor = await lookAtEndpoint('default', settingsOf(server.url));
  must(doctor.state === 'ok', `doctor: ${doctor.detail}`);
  const misnamed = await lookAtEndpoint('default', settingsOf(server.url, { model: 'another' }));
  must(misnamed.state === 'wrong', `doctor, of a model that is not served: ${misnamed.detail}`);
  await stranger.close();
  await client.close();
}

/**
 * One model, one text, temperature 0: one answer, whoever serves it. But the Python server lowers what was said already
 * unless it is told not to, for which our requests have no word.
 */
async function showSameAnswers(servers: readonly LlamaServer[]): Promise<void> {
  for (const penalty of [{ repeat_penalty: 1 }, {}]) {
    let same = 0;
    for (const text of SAMPLE) {
      const { ask } = await generator.ask([], text, 'slot');
      const body = { model: MODEL, ...ask.body, ...penalty };
      const answers = await Promise.all(
        servers.map(async (server) => told((await server.ask('/v1/completions', body)).body)),
      );
      if (new Set(answers).size === 1) same++;
    }
    const what = `the two servers give the same answer to ${same} of ${SAMPLE.length} texts`;
    if ('repeat_penalty' in penalty) must(same === SAMPLE.length, `without a repeat penalty, ${what}`);
    else must(same < SAMPLE.length, `left to their defaults, ${what}`);
  }
}

/** What becomes of structured output, in the two ways that are in use. */
async function showChat(server: LlamaServer): Promise<void> {
  const schema = {
    type: 'object',
    properties: { answer: { type: 'string', enum: ['yes', 'no'] }, sure: { type: 'boolean' } },
    required: ['answer', 'sure'],
    additionalProperties: false,
  };
  const formats = {
    json_schema: { type: 'json_schema', json_schema: { name: 'verdict', strict: true, schema } },
    json_object: { type: 'json_object', schema },
  };
  for (const [name, response_format] of Object.entries(formats)) {
    const { status, body } = await server.ask('/v1/chat/completions', {
      model: MODEL,
      messages: [{ role: 'user', content: 'Is it so? Say it in JSON.' }],
      temperature: 0,
      max_tokens: 200,
      response_format,
    });
    const content = (body as { choices?: { message?: { content?: string } }[] }).choices?.[0]?.message
      ?.content;
    if (server.kind === 'llama_cpp.server' && name === 'json_schema') {
      must(status !== 200, `chat with ${name}: ${status} ${said(body)}`);
      continue;
    }
    const { answer, sure } = JSON.parse(content ?? '{}') as Record<string, unknown>;
    must(
      (answer === 'yes' || answer === 'no') && typeof sure === 'boolean',
      `chat with ${name}: ${status} ${JSON.stringify(content)}`,
    );
  }
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

function settingsOf(url: string, changes: Partial<EndpointSettings> = {}): EndpointSettings {
  return {
    urls: [url],
    model: MODEL,
    apiKey: KEY,
    concurrency: 4,
    timeoutMs: 60_000,
    window: PIN.window,
    newTokens: NEW_TOKENS,
    ...changes,
  };
}

function openClient(url: string, changes: Partial<EndpointSettings> = {}): EndpointClient {
  return openEndpointClient('default', settingsOf(url, changes));
}

function complete(client: EndpointClient, { ask }: Asked) {
  return client.complete({
    path: ask.path,
    body: { model: MODEL, ...ask.body },
    id: requestHash(PIN, ask),
    affinity: 'slot',
    promptTokens: ask.promptTokens,
    maxTokens: NEW_TOKENS,
  });
}

/** Endpoints and runs have no dots or underlines in their names. */
function nameOf(kind: Kind): string {
  return kind === 'llama-server' ? kind : 'llama-cpp-python';
}

async function failure(call: Promise<unknown>): Promise<Error | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
}

function told(body: unknown): string {
  const { choices, usage } = body as {
    choices: { text: string; finish_reason: string }[];
    usage: { prompt_tokens: number; completion_tokens: number };
  };
  const [{ text, finish_reason } = { text: '', finish_reason: '' }] = choices;
  return JSON.stringify({
    text,
    finish_reason,
    prompt: usage.prompt_tokens,
    completion: usage.completion_tokens,
  });
}

function said(body: unknown): string {
  return JSON.stringify(body).slice(0, 160);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
