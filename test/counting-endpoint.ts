import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type EndpointOptions, openEndpoint } from '../client/endpoint/server.ts';
import { listening } from './listening.ts';

export interface CountingEndpoint {
  url: string;
  /** The hash in the `X-Request-Id` of every completion that was asked for, in order; it comes again when one is repeated. */
  asked: string[];
  /** The prompt of each, literally; token ids are spelled out. */
  prompts: string[];
  /** The ids of each that came as ids. */
  ids: number[][];
  /** What was answered, by the literal prompt. */
  completions: Map<string, string>;
  /** SHA-256 of the bodies that came whole, in order. */
  bodies: string[];
  /** How many of them were answered in full. */
  answered: () => number;
  /** Completions that are being answered now. */
  underWay: () => number;
  /** The most that were at once, since it was last asked. */
  most: () => number;
  /** Answers every request with this status from now on; with 200, as ever. */
  refuse: (status: number) => void;
  /** Gone as a server that has crashed, and back at the same address. */
  down: () => Promise<void>;
  up: () => Promise<void>;
  close: () => Promise<void>;
}

export interface CountingOptions extends EndpointOptions {
  /** Spells out token ids, which the embedded endpoint does not take: it has no vocabulary. */
  spell?: (ids: number[]) => Promise<string>;
}

/** The embedded endpoint behind a proxy that writes down who asked for what. */
export async function openCountingEndpoint(options: CountingOptions = {}): Promise<CountingEndpoint> {
  const endpoint = await openEndpoint(options);
  const asked: string[] = [];
  const prompts: string[] = [];
  const ids: number[][] = [];
  const completions = new Map<string, string>();
  const bodies: string[] = [];
  let answered = 0;
  let underWay = 0;
  let most = 0;
  let refusal = 200;

  function pass(from: IncomingMessage, to: ServerResponse): void {
    if (refusal !== 200) {
      to.writeHead(refusal).end('refused');
      return;
    }
    const completion = from.url === '/v1/completions';
    if (completion) {
      asked.push(String(from.headers['x-request-id']).slice(0, 16));
      most = Math.max(most, ++underWay);
      to.on('close', () => underWay--);
      const hash = createHash('sha256');
      from.on('data', (bytes: Buffer) => hash.update(bytes));
      from.on('end', () => bodies.push(hash.digest('hex')));
    }
    const onward = request(`${endpoint.url}${from.url}`, { method: from.method, headers: from.headers });
    let prompt = '';
    onward.on('response', (reply) => {
      to.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(to);
      if (!completion || reply.statusCode !== 200) return;
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () => {
        const { choices } = JSON.parse(Buffer.concat(chunks).toString()) as { choices: { text: string }[] };
        completions.set(prompt, choices[0]?.text ?? '');
      });
    });
    onward.on('error', () => to.destroy());
    to.on('finish', () => {
      if (completion) answered++;
    });
    to.on('close', () => onward.destroy());
    if (!completion) {
      from.pipe(onward);
      return;
    }
    literal(from).then(
      (body) => {
        prompt = body.prompt;
        prompts.push(prompt);
        const bytes = Buffer.from(JSON.stringify(body));
        onward.removeHeader('transfer-encoding');
        onward.setHeader('content-length', bytes.length);
        onward.end(bytes);
      },
      () => to.destroy(),
    );
  }

  /** The body of a request, its prompt spelled out. */
  async function literal(from: IncomingMessage): Promise<{ prompt: string }> {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { prompt: string | number[] };
    if (typeof body.prompt === 'string' || options.spell === undefined) return body as { prompt: string };
    ids.push(body.prompt);
    return { ...body, prompt: await options.spell(body.prompt) };
  }

  const server = createServer(pass);
  const { url, down, up } = await listening(server);
  return {
    url,
    asked,
    prompts,
    ids,
    completions,
    bodies,
    answered: () => answered,
    underWay: () => underWay,
    most() {
      const since = most;
      most = underWay;
      return since;
    },
    refuse(status) {
      refusal = status;
    },
    down,
    up,
    async close() {
      await down();
      await endpoint.close();
    },
  };
}
