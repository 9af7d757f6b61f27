import { type BadRequest, InvalidConfig, ResponseFormatRefused } from '../../../lake/errors.ts';
import { openStream } from '../../../lake/random.ts';
import type { PromptName } from '../../../workflows/contract.ts';
import type { GeneratorPin } from '../../plan/pins.ts';
import { estimateTokens, splitParts } from '../parts.ts';
import { parseChat } from './chat-parse.ts';
import { responseFormat, writtenPairs } from './chat-schema.ts';
import { delimited } from './chat-text.ts';
import type { Ask, Generator, Round } from './generator.ts';
import { ownLibrary, type Prompt } from './prompt-library.ts';
import { fitting, promptRoom } from './window.ts';

export interface ChatOptions {
  /** Of the library's prompts, those that slots draw theirs from. */
  prompts: readonly PromptName[];
  seed: string;
}
interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** Tokens that a chat template puts around a message, at most. */
const MESSAGE = 8;
/** A window that leaves a text less than this many tokens is of no use. */
const LEAST = 128;
/** What servers say when they cannot hold a model to a form. */
const ABOUT_FORMAT = /response[_ ]format|json[_ ]schema/i;

/**
 * Any instruct model on `/v1/chat/completions`. A slot draws one prompt of the library and keeps it; earlier texts stand
 * before the new one as turns of the user, their pairs as the model's own answers, in the form that is asked for.
 * Throws InvalidConfig when the prompts leave a text no room in the window.
 */
export function chat(pin: GeneratorPin, { prompts: names, seed }: ChatOptions): Generator {
  const library = ownLibrary();
  const output = pin.structuredOutput ?? 'json_schema';
  const styles = library.prompts(names).map((prompt) => ({
    prompt,
    system: library.system(prompt, pin.newTokens),
    format: responseFormat(output, prompt.fields),
  }));
  const tokens = (content: string): number => estimateTokens(content) + MESSAGE;
  const frame = Math.max(...styles.map(({ system }) => tokens(system)));
  /** For the system message, and what a second question adds to the last one. */
  const room = promptRoom(pin) - frame - tokens(library.again);
  if (room < LEAST) {
    throw new InvalidConfig(
      `a window of ${pin.window} tokens is too small for the prompts (about ${frame}), an answer (newTokens: ${pin.newTokens}) and a text; raise "window" of the endpoint to what its model has, or lower "newTokens"`,
    );
  }

  const turnsOf = ({ context, pairs }: Round, { fields }: Prompt): Message[] => [
    { role: 'user', content: delimited(context) },
    { role: 'assistant', content: writtenPairs(pairs, fields) },
  ];
  const costOf = (messages: readonly Message[]): number =>
    messages.reduce((sum, { content }) => sum + tokens(content), 0);

  function askOf(messages: readonly Message[], format: object | undefined): Ask {
    const { newTokens: max_tokens, temperature } = pin;
    const form = format === undefined ? {} : { response_format: format };
    return {
      path: '/v1/chat/completions',
      body: { messages, max_tokens, temperature, n: 1, ...form },
      prompt: { messages, ...form },
      promptTokens: costOf(messages),
    };
  }
  return {
    parts: async (text, share = 1) => splitParts(text, Math.floor((room - tokens(delimited(''))) * share)),
    async ask(history, context, slot) {
      const { prompt, system, format } = openStream(seed, 'synthesize/prompt', slot).pick(styles);
      const question: Message = { role: 'user', content: delimited(context) };
      const told = await fitting(history, room - tokens(question.content), (round) =>
        costOf(turnsOf(round, prompt)),
      );
      const turns = told.flatMap((round) => turnsOf(round, prompt));
      const messages: Message[] = [{ role: 'system', content: system }, ...turns, question];
      return { ask: askOf(messages, format), history: told.length };
    },
    parse: parseChat,
    again({ body }, answer) {
      const { pairs, drops } = parseChat(answer);
      if (pairs.length > 0 || drops.length === 0 || drops.some(({ reason }) => reason !== 'unreadable'))
        return undefined;
      const messages = body.messages as Message[];
      const last = messages.at(-1) as Message;
      return askOf(
        [...messages.slice(0, -1), { ...last, content: `${last.content}\n\n${library.again}` }],
        body.response_format as object | undefined,
      );
    },
    probe() {
      const [style] = styles as [(typeof styles)[0]];
      const { body, ...ask } = askOf(
        [
          { role: 'system', content: style.system },
          { role: 'user', content: delimited('Water freezes at 0 °C.') },
        ],
        style.format,
      );
      return { ...ask, body: { ...body, max_tokens: 1 } };
    },
    refused(error, { body }) {
      return isAboutFormat(error, body) ? formatRefused(error, output) : undefined;
    },
  };
}

/** Whether a refusal is about the form of the answer, and does not only quote a prompt in which there are such words. */
function isAboutFormat({ message }: BadRequest, body: Ask['body']): boolean {
  return (
    body.response_format !== undefined &&
    ABOUT_FORMAT.test(message) &&
    !ABOUT_FORMAT.test(JSON.stringify(body.messages))
  );
}

function formatRefused(cause: BadRequest, output: string): ResponseFormatRefused {
  const instead = output === 'json_schema' ? '"json_object", or "none" where that is refused too' : '"none"';
  return new ResponseFormatRefused(
    `${cause.message}. This server does not take the response format ${output}: set structuredOutput: ${instead}, at the endpoint in the worker's configuration`,
    {},
    { cause },
  );
}
