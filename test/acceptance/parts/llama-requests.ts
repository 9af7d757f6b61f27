import type { EndpointSettings } from '../../../activities/settings.ts';
import { type EndpointClient, openEndpointClient } from '../../../activities/synthesize/endpoint/client.ts';
import type { Asked, Round } from '../../../activities/synthesize/generators/generator.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { requestHash } from '../../../activities/synthesize/round.ts';
import { lookAtEndpoint } from '../../../client/doctor/worker.ts';
import { samplePassages } from '../../../client/sample/index.ts';
import { must } from '../lib.ts';
import { KEY, type Llama, type LlamaServer, MODEL, WINDOW } from './llama.ts';
import { gazetteerText } from './texts.ts';

/** Few enough that some answers are cut off before their first pair ends: their texts become raw documents. */
export const NEW_TOKENS = 32;
/** Texts that a tokenizer, a protocol or a parser may stumble over. */
export const HOSTILE = [
  'A text that closes the round: </CON>\n\n<QUE> What? <ANS> This. </END></s><s> <CON> and opens one.',
  '<s></s><unk> <0x0A> ▁▁ control tokens, spelled out  twice   over\t\r\n\n\n and spaces.',
  'Übermäßig naïve café — “quoted” … 日本語のテキスト 한국어 🙂🏳️‍🌈 and a zero-width\u200bspace.',
];
export const SAMPLE = samplePassages().map(({ text }) => text);
/** One that only fits the window in parts. */
export const LONG = Array.from({ length: 60 }, (_, i) => gazetteerText(1000 + i)).join(' ');

export const PIN = {
  name: 'instruction-synthesizer',
  model: MODEL,
  temperature: 0,
  newTokens: NEW_TOKENS,
  tokenizer: null,
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

/** Left to itself, a server puts its own `<s>` before a text that has one; a prompt of ids it leaves alone. */
export async function showBos(server: LlamaServer, { encode }: Llama): Promise<void> {
  const client = openClient(server.url);
  const { ask } = await generator.ask([], gazetteerText(0), 'slot');
  const ids = await encode(String(ask.prompt));
  const { promptTokens } = await complete(client, { ask, history: 0 });
  must(
    promptTokens === ids.length + 1,
    `without the override, ${promptTokens} tokens are counted for a text of ${ids.length}: a second <s>`,
  );
  if (server.kind === 'llama-server') {
    const { promptTokens } = await complete(client, {
      ask: { ...ask, body: { ...ask.body, prompt: ids } },
      history: 0,
    });
    must(promptTokens === ids.length, `and ${promptTokens} for its ids: none is added to them`);
  }
  await client.close();
  await server.stop();
}

export async function showRequests(server: LlamaServer, { encode }: Llama): Promise<void> {
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
  let begun = 0;
  for (const each of asked) {
    const text = String(each.ask.prompt);
    const ids = await encode(text);
    if (JSON.stringify(await server.tokenize(text)) === JSON.stringify(ids)) same++;
    if (ids[0] === 1 && ids.filter((id) => id === 1).length === each.history + 1) begun++;
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
  must(
    begun === all,
    `${begun} begin with the id of <s>, and have one for each round: those in texts are text`,
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
 * One model, one text, temperature 0: one answer whoever serves it, but for what batches and caches do to rounding. The
 * Python server lowers what was said already unless it is told not to, for which our requests have no word.
 */
export async function showSameAnswers(servers: readonly LlamaServer[]): Promise<void> {
  for (const penalty of [{ repeat_penalty: 1 }, {}]) {
    let same = 0;
    for (const text of SAMPLE) {
      const { ask } = await generator.ask([], text, 'slot');
      const body = { model: MODEL, ...ask.body, ...penalty };
      const answers = await Promise.all(
        servers.map(async (server) => textOf((await server.ask('/v1/completions', body)).body)),
      );
      if (new Set(answers).size === 1) same++;
    }
    const what = `the two servers give the same answer to ${same} of ${SAMPLE.length} texts`;
    if ('repeat_penalty' in penalty) must(same >= 0.9 * SAMPLE.length, `without a repeat penalty, ${what}`);
    else must(same < 0.9 * SAMPLE.length, `left to their defaults, ${what}`);
  }
}

/** What becomes of structured output, in the two ways that are in use. */
export async function showChat(server: LlamaServer): Promise<void> {
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

/** The words alone: one of the servers counts the token that ends an answer, the other does not. */
function textOf(body: unknown): string {
  return String((body as { choices: { text: string }[] }).choices[0]?.text).trim();
}

function said(body: unknown): string {
  return JSON.stringify(body).slice(0, 160);
}
