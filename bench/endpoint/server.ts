import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { countTokens, cutTokens } from '../../client/endpoint/tokens.ts';
import { sha256 } from '../../lake/hash.ts';
import { unitHash } from '../../lake/random.ts';
import { answerTo } from './answer.ts';
import { openPrefixCache } from './prefix-cache.ts';
import type { EndpointSettings } from './settings.ts';
import { openSlots } from './slots.ts';
import { openRecorder } from './statistics.ts';

const BYTES_PER_TOKEN = 4;
const SEED = 'simulated endpoint';

export interface SimulatedEndpoint {
  url: string;
  close: () => Promise<void>;
}

interface Asked {
  prompt: string;
  maxTokens: number;
}
/** A request with what will become of it, which its prompt decides, and how often that was asked before. */
interface Fate {
  text: string;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  /** In its slot. */
  seconds: number;
  fails: 'reset' | '500' | undefined;
}

/**
 * An inference server of known capacity that speaks `/v1/completions`, `/v1/models`, `/health`, and tells at `/stats`
 * what it saw. Time passes as for a model; everything else is drawn by hashes, so that whoever asks meets the same.
 */
export async function openSimulatedEndpoint(settings: EndpointSettings): Promise<SimulatedEndpoint> {
  const started = performance.now();
  const now = (): number => (performance.now() - started) / 1000;
  const recorder = openRecorder();
  const { counts } = recorder;
  const slots = openSlots(settings.slots, now, (served) => {
    recorder.served(served);
    if (!served.whole) counts.wastedSlotSeconds += served.to - served.from;
  });
  const cache = openPrefixCache(settings.cache.blockTokens * BYTES_PER_TOKEN, settings.cache.blocks);
  let crash: NodeJS.Timeout | undefined;

  function fateOf({ prompt, maxTokens }: Asked, hash: string, before: number): Fate {
    const text = cutTokens(answerTo(prompt, hash, settings.pairs), maxTokens);
    const promptTokens = countTokens(prompt);
    const cachedTokens = Math.min(promptTokens, cache.known(prompt) * settings.cache.blockTokens);
    const completionTokens = countTokens(text);
    const draw = (purpose: string): number => unitHash(SEED, purpose, `${hash} ${before}`);
    const { stragglers, failures = 0 } = settings;
    const slow = stragglers !== undefined && draw('straggler') < stragglers.rate ? stragglers.factor : 1;
    const fails = draw('failure') < failures ? (draw('kind of failure') < 0.5 ? 'reset' : '500') : undefined;
    const whole =
      completionTokens / settings.tokensPerSecond +
      (promptTokens - cachedTokens) / settings.prefillTokensPerSecond;
    const seconds = whole * slow * (fails === undefined ? 1 : draw('moment of failure'));
    return { text, promptTokens, cachedTokens, completionTokens, seconds, fails };
  }

  function complete(asked: Asked, response: ServerResponse): void {
    const hash = sha256(asked.prompt);
    const before = recorder.arrived(hash, now());
    if (before === 0 && counts.requests === 1) crashLater();
    const { queue } = settings;
    if (queue !== undefined && slots.busy() >= settings.slots && slots.waiting() >= queue.bound) {
      counts.refused++;
      send(response, 429, error('too many requests are waiting'), {
        'retry-after': `${queue.retryAfterSeconds}`,
      });
      return;
    }
    let fate: Fate | undefined;
    const leave = slots.add({
      seconds: () => {
        fate = fateOf(asked, hash, before);
        return fate.seconds;
      },
      done: () => {
        response.off('close', onClose);
        if (fate !== undefined) finish(response, hash, asked, fate);
      },
    });
    counts.queueMost = Math.max(counts.queueMost, slots.waiting());
    function onClose(): void {
      counts.abandoned++;
      leave();
    }
    response.once('close', onClose);
  }

  function finish(response: ServerResponse, hash: string, { prompt }: Asked, fate: Fate): void {
    cache.keep(prompt + fate.text);
    if (fate.fails !== undefined) {
      counts.failed++;
      counts.wastedSlotSeconds += fate.seconds;
      if (fate.fails === 'reset') response.destroy();
      else send(response, 500, error('the engine has failed'));
      return;
    }
    const { promptTokens, cachedTokens, completionTokens, text } = fate;
    recorder.answered(hash, now());
    counts.usefulSlotSeconds += fate.seconds;
    counts.promptTokens += promptTokens;
    counts.cachedTokens += cachedTokens;
    counts.completionTokens += completionTokens;
    const whole = !(text.length > 0 && !text.endsWith('>'));
    send(response, 200, {
      id: `cmpl-${hash.slice(0, 24)}`,
      object: 'text_completion',
      created: 0,
      model: settings.model,
      choices: [{ index: 0, text, logprobs: null, finish_reason: whole ? 'stop' : 'length' }],
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
        prompt_tokens_details: { cached_tokens: cachedTokens },
      },
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (`${request.method} ${request.url}`) {
      case 'GET /health':
        return send(response, 200, { status: 'ok' });
      case 'GET /stats':
        return send(response, 200, recorder.read());
      case 'GET /v1/models': {
        const model = { id: settings.model, object: 'model', created: 0, max_model_len: settings.window };
        return send(response, 200, { object: 'list', data: [model] });
      }
      case 'POST /v1/completions': {
        const asked = askedOf(await bodyOf(request));
        if (typeof asked === 'string') send(response, 400, error(asked));
        else complete(asked, response);
        return;
      }
      default:
        return send(response, 404, error('there is nothing here'));
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // A client's idle connection is its own to close: ours would race with its next request.
  server.keepAliveTimeout = 600_000;
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;

  function crashLater(): void {
    if (settings.crashes === undefined) return;
    const { everySeconds, forSeconds } = settings.crashes;
    crash = setTimeout(() => {
      slots.clear();
      void shut(server);
      crash = setTimeout(() => {
        counts.downSeconds += forSeconds;
        void listen(server, port).then(crashLater);
      }, forSeconds * 1000);
    }, everySeconds * 1000);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      clearTimeout(crash);
      slots.clear();
      return shut(server);
    },
  };
}

/** The parts of a request that matter here, or why it is refused. */
function askedOf(body: string): Asked | string {
  let value: { prompt?: unknown; max_tokens?: unknown; stream?: unknown; n?: unknown };
  try {
    value = JSON.parse(body) as typeof value;
  } catch {
    return 'the body is not JSON';
  }
  const { prompt, max_tokens: maxTokens = 16 } = value;
  if (value.stream === true || (value.n ?? 1) !== 1) return 'one answer, in one piece, is all there is';
  if (typeof maxTokens !== 'number' || maxTokens < 1) return '`max_tokens` is not a number from 1 on';
  if (typeof prompt === 'string') return { prompt, maxTokens };
  if (Array.isArray(prompt) && prompt.every((id) => typeof id === 'number')) {
    // No vocabulary: the ids stand for themselves, four characters each, so that prefixes and lengths stay what they are.
    return { prompt: prompt.map((id) => id.toString(36).padStart(4, '0').slice(-4)).join(''), maxTokens };
  }
  return '`prompt` is neither a text nor token ids';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const error = (message: string): object => ({ error: { message, type: 'simulated', code: null } });

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': `${bytes.length}`,
    ...headers,
  });
  response.end(bytes);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
