import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Tokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { sampleInstructions, samplePassages, sampleTokenizerPath } from '../../../client/sample/index.ts';

const words = (text: string) => text.split(/\s+/).length;

describe('the sample corpus', () => {
  const passages = samplePassages();

  it('has 31 passages of biomedicine and 29 of finance, each with an id of its own', () => {
    const ids = passages.map(({ id }) => id);
    expect(ids.filter((id) => /^bio-\d\d$/.test(id))).toHaveLength(31);
    expect(ids.filter((id) => /^fin-\d\d$/.test(id))).toHaveLength(29);
    expect(new Set(ids).size).toBe(60);
  });

  it('has different titles and texts of 120 to 250 words', () => {
    expect(new Set(passages.map(({ title }) => title)).size).toBe(60);
    const outside = passages.filter(({ text }) => words(text) < 120 || words(text) > 250);
    expect(outside.map(({ id, text }) => [id, words(text)])).toEqual([]);
  });

  it('repeats no sentence and no opening', () => {
    const sentences = passages.flatMap(({ text }) => text.split(/(?<=\p{L}[.?!])\s+/u));
    expect(sentences.length).toBeGreaterThan(700);
    expect(sentences.filter((sentence, i) => sentences.indexOf(sentence) !== i)).toEqual([]);
    const openings = passages.map(({ text }) => text.split(' ').slice(0, 2).join(' '));
    expect(openings.filter((opening, i) => openings.indexOf(opening) !== i)).toEqual([]);
  });

  it('has no two passages that a search for near-duplicates could take for one', () => {
    const shingles = passages.map(({ text }) => {
      const all = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
      return new Set(all.slice(4).map((_, i) => all.slice(i, i + 5).join(' ')));
    });
    for (const [i, one] of shingles.entries()) {
      for (const other of shingles.slice(0, i)) {
        const shared = [...one].filter((shingle) => other.has(shingle)).length;
        expect(shared / (one.size + other.size - shared)).toBeLessThan(0.02);
      }
    }
  });

  it('shows the rules what they look for: connectives, definitions, causes and numbers', () => {
    const bearing = (pattern: RegExp) => passages.filter(({ text }) => pattern.test(text)).length;
    expect(bearing(/\.\s(Therefore|Thus|Accordingly|Hence|For this reason), /)).toBeGreaterThan(45);
    expect(bearing(/\.\s(However|In contrast|On the contrary), /)).toBeGreaterThan(25);
    expect(bearing(/ is (a|an|the) | is defined as /)).toBeGreaterThan(50);
    expect(bearing(/due to|owing to|on account of|because/)).toBeGreaterThan(15);
    expect(bearing(/\d/)).toBe(60);
  });
});

describe('the sample instructions', () => {
  it('are 40 pairs without repeats and without empty sides', () => {
    const pairs = sampleInstructions();
    expect(new Set(pairs.map(({ id }) => id)).size).toBe(40);
    expect(new Set(pairs.map(({ instruction }) => instruction)).size).toBe(40);
    expect(new Set(pairs.map(({ response }) => response)).size).toBe(40);
    expect(pairs.filter((pair) => pair.instruction.trim() === '' || pair.response.trim() === '')).toEqual([]);
  });
});

describe('the sample tokenizer', () => {
  const tokenizer = Tokenizer.fromString(readFileSync(sampleTokenizerPath(), 'utf8'));
  const roundTrip = async (text: string) =>
    tokenizer.decode((await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds(), false);

  it('has 4,096 entries with the special tokens first', () => {
    expect(tokenizer.getVocabSize(true)).toBe(4096);
    expect(tokenizer.tokenToId('<|begin|>')).toBe(0);
    expect(tokenizer.tokenToId('<|end|>')).toBe(1);
    expect(Object.keys(tokenizer.getVocab(true)).filter((token) => [...token].length === 1)).toHaveLength(
      256,
    );
  });

  it('gives every text of the sample back as it was, in fewer than half a token per letter', async () => {
    const pairs = sampleInstructions().flatMap(({ instruction, response }) => [instruction, response]);
    const texts = [...samplePassages().flatMap(({ title, text }) => [title, text]), ...pairs];
    for (const text of texts) expect(await roundTrip(text)).toBe(text);
    const all = texts.join('\n');
    const { length } = (await tokenizer.encode(all)).getIds();
    expect(length).toBeLessThan(all.length / 2);
  });

  it('gives any text back, spaces and emoji and other scripts too', async () => {
    for (const text of ['', '  two  spaces\t\n\n', '🧬🩺👩‍🔬', 'Καλημέρα', 'é = é', '\u0000\u001f\ufeff']) {
      expect(await roundTrip(text)).toBe(text);
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        expect(await roundTrip(text)).toBe(text);
      }),
    );
  });
});
