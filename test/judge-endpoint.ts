import { createServer, type IncomingMessage } from 'node:http';
import { listening } from './listening.ts';

/** What the judge is asked about, as it stands in the prompt. */
export interface AskedPair {
  text: string;
  question: string;
  answer: string;
}
export interface JudgeEndpoint {
  url: string;
  /** Bodies of the requests by path, in order. */
  asked: { path: string; body: Record<string, unknown>; pair: AskedPair; again: boolean }[];
  /** Requests from now on are answered with this status; with 200, as ever. */
  refuse: (status: number, after?: number) => void;
  close: () => Promise<void>;
}

/** An endpoint with one model that answers what `reply` says about a pair, by chat, or by completions where it has no chat. */
export async function openJudgeEndpoint(
  reply: (pair: AskedPair, again: boolean) => string | { status: number },
  { chat = true }: { chat?: boolean } = {},
): Promise<JudgeEndpoint> {
  const asked: JudgeEndpoint['asked'] = [];
  let refusal = { status: 200, after: 0 };
  const server = createServer(async (request, response) => {
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (request.url === '/v1/models') return send(200, { object: 'list', data: [{ id: 'some-judge' }] });
    const isChat = request.url === '/v1/chat/completions';
    if (isChat && !chat) return send(404, { error: { message: 'no chat here' } });
    if (!isChat && request.url !== '/v1/completions') return send(404, {});
    const body = JSON.parse(await bodyOf(request)) as Record<string, unknown>;
    const messages = (body.messages ?? []) as { content: string }[];
    const prompt = isChat ? String(messages[0]?.content) : String(body.prompt);
    const object = /^\{"answer":.*\}$/m.exec(prompt)?.[0];
    const pair = JSON.parse(object ?? '{}') as AskedPair;
    const again = isChat ? messages.length > 1 : /\n\nThat was not/.test(prompt);
    if (refusal.status !== 200 && refusal.after-- <= 0) return send(refusal.status, { error: 'refused' });
    asked.push({ path: String(request.url), body, pair, again });
    const said = reply(pair, again);
    if (typeof said !== 'string') return send(said.status, { error: { message: 'not this one' } });
    const usage = { prompt_tokens: 10, completion_tokens: 5 };
    const choice = isChat ? { message: { role: 'assistant', content: said } } : { text: said };
    send(200, { choices: [{ index: 0, finish_reason: 'stop', ...choice }], usage });
  });
  const { url, down } = await listening(server);
  return {
    url,
    asked,
    refuse(status, after = 0) {
      refusal = { status, after };
    },
    close: down,
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
