import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainsOf, type Entry, historyOf } from '../../../activities/synthesize/entry.ts';
import { instructionSynthesizer } from '../../../activities/synthesize/generators/instruction-synthesizer.ts';
import { estimateTokens } from '../../../activities/synthesize/parts.ts';
import {
  openPromptTokenizer,
  type PromptTokenizer,
} from '../../../activities/synthesize/prompt-tokenizer.ts';
import { parseCompletion } from '../../../activities/synthesize/protocol/parse.ts';
import { contextBlock, finishedRound, prompt } from '../../../activities/synthesize/protocol/prompt.ts';
import type { Told } from '../../../activities/synthesize/round.ts';
import { type ScheduledText, schedule } from '../../../activities/synthesize/schedule.ts';
import { sliceBytes } from '../../../activities/synthesize/slots.ts';
import { openTokenizer } from '../../../activities/tokenize/tokenizer.ts';
import { writeSynthesizerTokenizer } from '../../synthesizer-tokenizer.ts';
import { PAIR, PIN, round, type Sent } from './simulated-round.ts';

/** How many times as many cases are drawn as in the everyday run of the tests. */
const MORE = Number(process.env.CHAINS_MORE ?? 1);

type Text = ScheduledText & { text: string };

/** A block of N texts in M rounds, some of them gone, and what an endpoint makes of each. */
interface World {
  rounds: number;
  texts: Text[];
  valid: number;
  window: number;
  /** Text rows that never get a pair. */
  barren: Set<number>;
  /** Prompts as ids, and what spells them out; as text without it. */
  ids?: { tokenizer: PromptTokenizer; spell: (ids: number[]) => Promise<string> };
}

/** All that was sent, and the entries of each slot, of a block run round by round as the workflow does. */
async function synthesized({ rounds, texts, window, barren, ids }: World) {
  const pin = { ...PIN, window, newTokens: 40 };
  const slots = schedule(texts, { rounds, share: 1, seed: 's' });
  const entries = new Map<string, Told[]>(slots.map(({ id }) => [id, []]));
  const sent: Sent[] = [];
  const inRounds: Entry[][] = [];
  for (let r = 0; r < rounds; r++) {
    const turns = slots.flatMap(({ id, texts: places }) =>
      places
        .filter((place) => place.round === r)
        .map(({ text }) => ({ slot: id, round: r, text, before: entries.get(id) ?? [] })),
    );
    const made = await round(
      turns,
      ({ text }) => (barren.has(Number(/.*\(text (\d+)\)/s.exec(text)?.[1])) ? 'nothing' : PAIR),
      {
        generator: instructionSynthesizer(pin, ids?.tokenizer),
        pin,
        ...(ids === undefined ? {} : { spell: ids.spell }),
      },
    );
    sent.push(...made.asked);
    inRounds.push(made.entries);
    for (const entry of made.entries) {
      const text = texts.find(({ row }) => row === entry.row)?.text ?? '';
      entries.get(entry.slot)?.push({ ...entry, context: sliceBytes(text, entry.start, entry.end) });
    }
  }
  return {
    slots,
    entries,
    sent,
    inRounds,
    room: ids === undefined ? Math.floor((window - 40) * 0.9) : window - 40,
  };
}

/** What data.md and method.md say of a world, looked at from the entries and the prompts alone. */
async function mustHold(world: World): Promise<void> {
  const { texts, rounds, valid, barren, ids } = world;
  const tokensOf = async (pieces: readonly string[]): Promise<number> =>
    (ids === undefined ? pieces.map(estimateTokens) : await ids.tokenizer.count(pieces)).reduce(
      (sum, each) => sum + each,
      0,
    );
  const { entries, sent, slots, inRounds, room } = await synthesized(world);
  const all = [...entries.values()].flat();

  // Every text and part is prompted exactly once, and its parts are the text.
  expect(sent).toHaveLength(all.length);
  const contexts = sent.map(({ text }) => text.slice(text.lastIndexOf('<s>'))).sort();
  expect(contexts).toEqual(all.map(({ context }) => contextBlock(context)).sort());
  for (const text of texts) {
    const parts = all.filter(({ row }) => row === text.row);
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_, i) => i));
    expect(parts.map(({ context }) => context).join('')).toBe(text.text);
    // In its own round and slot: B = ceil(N / M); text n is in slot n mod B, round floor(n / B).
    const slotsOfBlock = Math.ceil(valid / rounds);
    expect(new Set(parts.map((part) => part.round))).toEqual(
      new Set([Math.floor(text.ordinal / slotsOfBlock)]),
    );
    for (const part of parts) expect(part.linked).toBe(part.history > 0 && !barren.has(text.row));
  }
  // A round's entries come in the order of its turns, whatever order the answers came in.
  for (const [r, made] of inRounds.entries()) {
    const order = slots.flatMap(({ texts: places }) =>
      places.filter((place) => place.round === r).map(({ text }) => text.row),
    );
    expect([...new Set(made.map(({ row }) => row))]).toEqual(order);
  }
  const byRequest = new Map(sent.map((each) => [each.id, each.text]));
  for (const slot of entries.values()) {
    for (const [i, entry] of slot.entries()) {
      // The prompt has the newest rounds of the history, all of them or as many as fit: one more would not.
      const newest = chainsOf(slot.slice(0, i)).at(-1) ?? [];
      const allowed = newest.some(({ pairs }) => pairs.length === 0) ? [] : newest;
      expect(historyOf(slot.slice(0, i))).toEqual(allowed);
      expect(entry.history).toBeLessThanOrEqual(allowed.length);
      const stood = allowed.slice(allowed.length - entry.history);
      const literal = prompt(stood, entry.context);
      expect(byRequest.get(entry.request)).toBe(literal);
      if (entry.history > 0 || ids !== undefined) expect(await tokensOf([literal])).toBeLessThanOrEqual(room);
      const older = allowed.at(-1 - entry.history);
      if (older !== undefined) {
        const pieces = [older, ...stood].map(finishedRound);
        const sum = await tokensOf([...pieces, contextBlock(entry.context)]);
        expect(sum).toBeGreaterThan(room);
      }
    }
    // Chains are the maximal linked runs; a text without pairs is one by itself and cuts.
    const chains = chainsOf(slot);
    expect(chains.flat()).toEqual(slot);
    for (const chain of chains) {
      expect(chain.map(({ linked }) => linked)).toEqual(chain.map((_, i) => i > 0));
      if (chain.length > 1) expect(chain.every(({ pairs }) => pairs.length > 0)).toBe(true);
    }
    for (const entry of slot) expect(entry.pairs).toEqual(parseCompletion(entry.completion).pairs);
  }
}

/** No two sentences are alike: the same prompt would be asked once, for both. */
const textOf = (row: number, sentences: number): string =>
  Array.from({ length: sentences }, (_, i) => `Sentence ${i} stands here (text ${row}). `).join('');

function world(
  valid: number,
  rounds: number,
  more: Partial<World> = {},
  sentences = (_: number) => 1,
): World {
  const texts = Array.from({ length: valid }, (_, row) => ({
    ...{ key: 'raw/a.parquet', row, block: 0, ordinal: row, valid },
    text: textOf(row, sentences(row)),
  }));
  return { rounds, valid, texts, window: 4096, barren: new Set(), ...more };
}

describe('a block of N texts in M rounds', () => {
  test.each([
    [4, 3],
    [10, 4],
    [1, 2],
    [2, 5],
    [1, 1],
    [7, 3],
    [6, 3],
  ])('N = %i, M = %i', async (valid, rounds) => {
    await mustHold(world(valid, rounds));
  });
  test('N = 0: nothing is asked', async () => {
    expect((await synthesized(world(0, 3))).sent).toEqual([]);
  });
  test('M > N: one slot, and rounds without a text after its last', async () => {
    const { entries } = await synthesized(world(3, 8));
    expect([...entries.values()].map((slot) => slot.map(({ row }) => row))).toEqual([[0, 1, 2]]);
  });
  const worlds = fc
    .record({
      valid: fc.integer({ min: 1, max: 40 }),
      rounds: fc.integer({ min: 1, max: 8 }),
      window: fc.constantFrom(4096, 400, 200),
      gone: fc.uniqueArray(fc.nat(39)),
      barren: fc.uniqueArray(fc.nat(39)),
      long: fc.uniqueArray(fc.nat(39), { maxLength: 5 }),
      length: fc.integer({ min: 2, max: 60 }),
    })
    .map(({ valid, rounds, window, gone, barren, long, length }) => {
      const made = world(valid, rounds, { window, barren: new Set(barren) }, (row) =>
        long.includes(row) ? length : 1 + (row % 4),
      );
      return { ...made, texts: made.texts.filter(({ row }) => !gone.includes(row)) };
    });
  test('whatever N and M: gaps, leftovers, texts without pairs, histories that do not fit, texts in parts', async () => {
    await fc.assert(fc.asyncProperty(worlds, mustHold), { numRuns: 100 * MORE });
  }, 300_000);
  test('the same with prompts as token ids', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-chains-'));
    const file = writeSynthesizerTokenizer(folder);
    const [tokenizer, speller] = await Promise.all([
      openPromptTokenizer(file),
      openTokenizer({ file, bos: 'none', eos: '</s>' }),
    ]);
    rmSync(folder, { recursive: true });
    const ids = { tokenizer, spell: speller.decode };
    await fc.assert(
      fc.asyncProperty(worlds, (each) => mustHold({ ...each, ids })),
      { numRuns: 30 * MORE },
    );
  }, 300_000);
});
