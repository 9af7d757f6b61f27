import type { GeneratorPin } from '../../../activities/plan/pins.ts';
import type { AnswerCache } from '../../../activities/synthesize/answers.ts';
import type { Completion, CompletionRequest } from '../../../activities/synthesize/endpoint/client.ts';
import type { Entry } from '../../../activities/synthesize/entry.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { type RoundDeps, runRound, type Told, type Turn } from '../../../activities/synthesize/round.ts';

export const PIN: GeneratorPin = {
  name: 'instruction-synthesizer',
  model: 'm',
  window: 4096,
  newTokens: 400,
  temperature: 0,
  tokenizer: null,
};
export const PAIR = '<QUE> q <ANS> a </END>';

/** A text's turn in a round of a partition. */
export const turn = (row: number, text: string, before: Told[] = []): Turn => ({
  slot: `slot-${row}`,
  round: before.length,
  text: { key: 'raw/a.parquet', row, block: 0, ordinal: row, valid: 9, text },
  before,
});

/** A request with its literal prompt. */
export type Sent = CompletionRequest & { text: string };

/** A round against answers given by a function of the request; what was asked and kept is recorded. */
export async function round(
  turns: Turn[],
  answer: (request: Sent, n: number) => string | Error,
  { spell, ...more }: Partial<RoundDeps> & { spell?: (ids: number[]) => Promise<string> } = {},
): Promise<{ entries: Entry[]; asked: Sent[]; kept: Map<string, Completion> }> {
  const asked: Sent[] = [];
  const kept = new Map<string, Completion>();
  const answers: AnswerCache = {
    find: (request) => kept.get(request),
    keep: (request, value) => kept.set(request, value),
    flush: async () => {},
  };
  const deps: RoundDeps = {
    client: {
      async complete(request) {
        const { prompt } = request.body;
        const text = spell === undefined ? String(prompt) : await spell(prompt as number[]);
        const sent = { ...request, text };
        asked.push(sent);
        const given = answer(sent, asked.length);
        if (given instanceof Error) throw given;
        return {
          text: given,
          finishReason: 'stop',
          promptTokens: 10,
          cachedTokens: 0,
          completionTokens: 5,
          seconds: 0.1,
          tries: 1,
          wastedTokens: 0,
        };
      },
    },
    answers,
    generator: instructionSynthesizer(PIN),
    pin: PIN,
    concurrency: 4,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...more,
  };
  return { entries: await runRound(turns, deps), asked, kept };
}

/** The entry of a text that was answered with a pair, as later rounds are told it. */
export async function toldOf(row: number, text: string, before: Told[] = []): Promise<Told> {
  const { entries } = await round([turn(row, text, before)], () => PAIR);
  const [entry] = entries;
  if (entry === undefined) throw new Error('no entry');
  return { ...entry, context: text };
}
