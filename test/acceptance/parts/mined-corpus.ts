import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GeneratorPin } from '../../../activities/plan/pins.ts';
import type { AnswerCache } from '../../../activities/synthesize/answers.ts';
import type { Completion } from '../../../activities/synthesize/endpoint/client.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { runRound, type Told } from '../../../activities/synthesize/round.ts';
import { type ScheduledText, schedule } from '../../../activities/synthesize/schedule.ts';
import { sliceBytes } from '../../../activities/synthesize/slots.ts';
import { complete } from '../../../client/endpoint/complete.ts';
import { blockStarts } from '../../../lake/identity.ts';
import { RULES_MODEL } from '../../../workflows/contract.ts';
import { directoryStore } from '../../lake/directory-store.ts';
import { allRows, stored } from '../../lake/parquet/open.ts';

/** A text of the corpus at its place in the schedule. */
export interface CorpusText extends ScheduledText {
  text: string;
}

/** An entry of the synthesis and the part of a text that it is about. */
export type MinedEntry = Told;

const GENERATOR: GeneratorPin = {
  name: 'instruction-synthesizer',
  model: RULES_MODEL,
  window: 4096,
  newTokens: 400,
  temperature: 0,
  tokenizer: null,
};

/** Every text of the Parquet files of a folder, in file order, each with its block's schedule. */
export async function corpusTexts(folder: string): Promise<CorpusText[]> {
  const store = await directoryStore();
  const texts: CorpusText[] = [];
  try {
    for (const file of readdirSync(folder).sort()) {
      if (!file.endsWith('.parquet')) continue;
      const source = await stored(store, file, join(folder, file));
      const { footer, rows } = await allRows(store, source, { columns: ['text'] });
      for (const group of footer.rowGroups) {
        const starts = blockStarts(group.firstRow, group.rows);
        for (const [b, block] of starts.entries()) {
          const cells = rows.slice(block, starts[b + 1] ?? group.firstRow + group.rows);
          for (const [ordinal, { text }] of cells.entries()) {
            const place = { key: file, row: block + ordinal, block, ordinal, valid: cells.length };
            texts.push({ ...place, text: String(text) });
          }
        }
      }
    }
  } finally {
    await store.remove();
  }
  return texts;
}

/**
 * The entries that `rounds` rounds of synthesis make of the texts, as a run makes them: schedule, prompts with history,
 * answers by the rules cut at the protocol's new tokens, parser. Only the way over HTTP and the commits are left out.
 */
export async function mineCorpus(texts: readonly CorpusText[], rounds: number): Promise<MinedEntry[]> {
  const slots = schedule(texts, { rounds, share: 1, seed: 'instruct-lake' });
  const bySlot = new Map<string, MinedEntry[]>(slots.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    const turns = slots.flatMap(({ id, texts: places }) =>
      places
        .filter((place) => place.round === round)
        .map(({ text }) => ({ slot: id, round, text, before: bySlot.get(id) ?? [] })),
    );
    const made = await runRound(turns, {
      client: { complete: async (request) => answered(String(request.body.prompt)) },
      answers: NO_CACHE,
      generator: instructionSynthesizer(GENERATOR),
      pin: GENERATOR,
      concurrency: 1,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const byPlace = new Map(turns.map(({ text }) => [`${text.key} ${text.row}`, text.text]));
    for (const entry of made) {
      const whole = byPlace.get(`${entry.key} ${entry.row}`) ?? '';
      bySlot.get(entry.slot)?.push({ ...entry, context: sliceBytes(whole, entry.start, entry.end) });
    }
  }
  return [...bySlot.values()].flat();
}

function answered(prompt: string): Completion {
  const { text, finish, promptTokens, completionTokens } = complete(prompt, {
    maxTokens: GENERATOR.newTokens,
    stop: [],
  });
  const cost = { promptTokens, cachedTokens: 0, completionTokens, seconds: 0, tries: 1, wastedTokens: 0 };
  return { text, finishReason: finish, ...cost };
}

/** Every text is asked about once here, so that there is nothing to find. */
const NO_CACHE: AnswerCache = { find: () => undefined, keep: () => {}, flush: async () => {} };
