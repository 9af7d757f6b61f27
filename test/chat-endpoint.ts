import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { CLOSE, OPEN } from '../activities/synthesize/generators/chat-text.ts';
import { ownLibrary } from '../activities/synthesize/generators/prompt-library.ts';
import { unitHash } from '../lake/random.ts';
import { listening } from './listening.ts';

export interface ChatQuestion {
  /** The hash in its `X-Request-Id`. */
  id: string;
  messages: { role: string; content: string }[];
  /** Type of the response format; undefined where none was asked for. */
  format: string | undefined;
}
export interface ChatEndpointOptions {
  /** Parts of the questions whose first answer is no JSON, and of those whose answer is cut off in its middle. */
  garbled?: number;
  cut?: number;
  /** Response formats that are refused, as a server does that does not have them. */
  refuses?: readonly string[];
  /** Instead of the text of a 400. */
  refusal?: string;
}
export interface ChatEndpoint {
  url: string;
  /** In the order in which they came, probes too. */
  asked: ChatQuestion[];
  close: () => Promise<void>;
}

export const CHAT_MODEL = 'sentences';

/**
 * A server of the chat completions protocol on a port of its own. Its model asks what follows the first words of each
 * sentence, with the fields that the schema (or the system message) wants; what it answers, and whether that is garbled
 * or cut off, depends on the messages alone.
 */
export async function openChatEndpoint(options: ChatEndpointOptions = {}): Promise<ChatEndpoint> {
  const asked: ChatQuestion[] = [];
  const server = createServer((from, to) => {
    serve(from, to, asked, options).catch(() => to.destroy());
  });
  const { url, down } = await listening(server);
  return { url, asked, close: down };
}

interface Body {
  messages: ChatQuestion['messages'];
  max_tokens: number;
  response_format?: { type: string; json_schema?: { schema: object } };
}

async function serve(
  from: IncomingMessage,
  to: ServerResponse,
  asked: ChatQuestion[],
  { garbled = 0, cut = 0, refuses = [], refusal }: ChatEndpointOptions,
): Promise<void> {
  const reply = (status: number, body: object): void => {
    to.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (from.url === '/v1/models') return reply(200, { object: 'list', data: [{ id: CHAT_MODEL }] });
  if (from.url !== '/v1/chat/completions') return reply(404, { error: { message: 'Not Found' } });
  let sent = '';
  for await (const chunk of from.setEncoding('utf8')) sent += chunk;
  const { messages, max_tokens, response_format: format } = JSON.parse(sent) as Body;
  asked.push({ id: String(from.headers['x-request-id']).slice(0, 16), messages, format: format?.type });
  if (format !== undefined && refuses.includes(format.type)) {
    const message = refusal ?? `'response_format' of type '${format.type}' is not supported with this model.`;
    return reply(400, { error: { message, type: 'invalid_request_error', param: 'response_format' } });
  }
  const question = messages.at(-1)?.content ?? '';
  const system = messages[0]?.content ?? '';
  const again = question.endsWith(ownLibrary().again);
  const draw = (purpose: string): number => unitHash('chat endpoint', purpose, JSON.stringify(messages));
  const whole = JSON.stringify({ pairs: pairsAbout(textOf(question), system, fieldsOf(format, system)) });
  const isCut = max_tokens <= 1 || draw('cut') < cut;
  let content = isCut ? whole.slice(0, Math.floor(whole.length * 0.6)) : whole;
  if (format === undefined)
    content = `Here you are:\n\`\`\`json\n${content}${isCut ? '' : '\n```\nI hope this helps!'}`;
  if (!again && draw('garbled') < garbled)
    content = 'Certainly! Let us first have a closer look at the text.';
  reply(200, {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: CHAT_MODEL,
    choices: [
      { index: 0, message: { role: 'assistant', content }, finish_reason: isCut ? 'length' : 'stop' },
    ],
    usage: { prompt_tokens: Math.ceil(sent.length / 4), completion_tokens: Math.ceil(content.length / 4) },
  });
}

/** The text of a message. */
export function textOf(content: string): string {
  return content.slice(content.indexOf(OPEN) + OPEN.length, content.lastIndexOf(CLOSE)).trim();
}

function fieldsOf(format: Body['response_format'], system: string): (name: string) => boolean {
  const form = format?.json_schema === undefined ? system : JSON.stringify(format.json_schema.schema);
  return (name) => form.includes(`"${name}":`);
}

/** A pair for each of the first sentences; the prompts differ in how they ask. The fourth repeats the first question. */
function pairsAbout(text: string, system: string, wants: (name: string) => boolean): object[] {
  const style = unitHash('chat endpoint', 'style', system).toString(36).slice(2, 6);
  const sentences = text.split(/(?<=[.?!])\s+/).filter((each) => each.split(' ').length > 3);
  return [...sentences.slice(0, 3), ...sentences.slice(0, 1)].map((sentence, i) => {
    const words = sentence.split(' ');
    const answer = words.slice(3).join(' ');
    const choice = i === 1 && wants('options');
    return {
      question: `(${style}) How does it go on after “${words.slice(0, 3).join(' ')}”?`,
      ...(wants('options') ? { options: choice ? [`not ${answer}`, answer, 'neither'] : null } : {}),
      ...(wants('rationale')
        ? { rationale: i === 2 || !wants('options') ? `The text says: ${sentence}` : null }
        : {}),
      answer,
    };
  });
}
