import { openSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from 'tokenizers';
import { freePort } from '../../listening.ts';
import { ok, ROOT, start, until } from '../lib.ts';

/** The two servers of llama.cpp: its own, and the one of its Python package. */
export const KINDS = ['llama-server', 'llama_cpp.server'] as const;
export type Kind = (typeof KINDS)[number];
/** The key that the servers want, and the name that they serve the model under. */
export const KEY = 'sesame-0123456789';
export const MODEL = 'tiny-random-synthesizer';
export const WINDOW = 4096;

export interface Answer {
  status: number;
  body: unknown;
}

/** A server that nobody here wrote. */
export interface LlamaServer {
  kind: Kind;
  url: string;
  /** Plain HTTP with the server's key, or another; no body is a GET. */
  ask: (path: string, body?: object, key?: string) => Promise<Answer>;
  /** What its tokenizer makes of a text, control tokens in it read as such and none added. */
  tokenize: (text: string) => Promise<number[]>;
  stop: () => Promise<void>;
}

/** The model and its tokenizer, and the programs that serve it. */
export interface Llama {
  /** The model's `tokenizer.json`, as Hugging Face's library reads it; no token is added. */
  encode: (text: string) => Promise<number[]>;
  /** Starts a server; without `bos`, it is told to put no `<s>` before a text. */
  serve: (kind: Kind, options?: { bos?: boolean }) => Promise<LlamaServer>;
}

/** Builds the servers where that was not done before, and makes the model in `folder`. */
export async function openLlama(folder: string): Promise<Llama> {
  const scripts = join(ROOT, 'test', 'llama');
  const printed = await ok('bash', [join(scripts, 'environment.sh')], { echo: true });
  const bin = join(printed.trim(), 'bin');
  const python = join(bin, 'python');
  await ok(python, [join(scripts, 'make_model.py'), folder]);
  const tokenizer = Tokenizer.fromFile(join(folder, 'tokenizer.json'));
  const model = join(folder, 'model.gguf');

  function command(kind: Kind, port: string, bos: boolean): [string, string[]] {
    const noBos = 'tokenizer.ggml.add_bos_token=bool:false';
    if (kind === 'llama-server') {
      const args = [
        '--model',
        model,
        '--alias',
        MODEL,
        '--api-key',
        KEY,
        '--host',
        '127.0.0.1',
        '--port',
        port,
      ];
      // Its window is shared out among the requests that it answers side by side.
      args.push(
        '--parallel',
        '4',
        '--ctx-size',
        String(4 * WINDOW),
        '--threads',
        '1',
        '--no-webui',
        '--offline',
      );
      return [join(bin, kind), bos ? args : [...args, '--override-kv', noBos]];
    }
    const args = [
      '-m',
      kind,
      '--model',
      model,
      '--model_alias',
      MODEL,
      '--api_key',
      KEY,
      '--host',
      '127.0.0.1',
    ];
    args.push('--port', port, '--n_ctx', String(WINDOW), '--n_threads', '1', '--verbose', 'false');
    return [python, bos ? args : [...args, '--kv_overrides', noBos]];
  }

  return {
    encode: async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds(),
    async serve(kind, { bos = false } = {}) {
      const port = String(await freePort());
      const url = `http://127.0.0.1:${port}`;
      const log = openSync(join(folder, `${kind}-${port}.log`), 'w');
      const child = start(...command(kind, port, bos), { stdio: ['ignore', log, log] });
      const server: LlamaServer = {
        kind,
        url,
        async ask(path, body, key = KEY) {
          const answer = await fetch(`${url}${path}`, {
            method: body === undefined ? 'GET' : 'POST',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          const text = await answer.text();
          return { status: answer.status, body: JSON.parse(text) as unknown };
        },
        async tokenize(text) {
          const { body } =
            kind === 'llama-server'
              ? await server.ask('/tokenize', { content: text, add_special: false, parse_special: true })
              : await server.ask('/extras/tokenize', { input: text });
          return (body as { tokens: number[] }).tokens;
        },
        async stop() {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGTERM');
          await ended;
        },
      };
      await until(`${kind} at ${url}`, 60, async () => {
        if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}`);
        const answered = await server.ask('/v1/models').catch(() => undefined);
        return answered?.status === 200 || undefined;
      });
      return server;
    },
  };
}
