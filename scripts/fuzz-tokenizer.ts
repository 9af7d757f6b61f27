// Compares our tokenizer with the library on as many strings as one likes, for every kind of tokenizer:
//
//     node --import tsx scripts/fuzz-tokenizer.ts --strings 2000000 [--seed NAME] [--only NAME]
import { parseArgs } from 'node:util';
import { sourceTexts } from '../bench/texts.ts';
import { differences, fuzzTexts, longTexts, openPair } from '../test/tokenizer-fuzz.ts';
import { goodTokenizers } from '../test/tokenizers.ts';

/** Strings at once. */
const BATCH = 5_000;
const SHOWN = 5;

const { values } = parseArgs({
  options: {
    strings: { type: 'string', default: '200000' },
    seed: { type: 'string', default: new Date().toISOString() },
    only: { type: 'string', default: '' },
  },
});
const tokenizers = [...goodTokenizers()].filter(([name]) => name.includes(values.only));
const each = Math.ceil(Number(values.strings) / tokenizers.length);
const corpus = (await sourceTexts()).texts.map(({ text }) => text);
console.log(
  `seed ${values.seed}, ${each} strings for each of ${tokenizers.length} tokenizers, ${corpus.length} real texts`,
);
let all = 0;
let wrong = 0;
for (const [name, json] of tokenizers) {
  const pair = await openPair(json);
  const texts = fuzzTexts(`${values.seed} ${name}`, corpus);
  let left = 0;
  let differ = 0;
  let characters = 0;
  const compare = async (batch: string[]): Promise<void> => {
    const { different, slow } = await differences(pair, batch);
    for (const text of different.slice(0, Math.max(0, SHOWN - differ)))
      console.log(JSON.stringify(text.slice(0, 300)));
    differ += different.length;
    left += slow;
    all += batch.length;
    characters += batch.reduce((sum, { length }) => sum + length, 0);
  };
  for (let done = 0; done < each; done += BATCH) {
    await compare(Array.from({ length: Math.min(BATCH, each - done) }, () => texts.next().value as string));
  }
  for (const text of longTexts(5)) await compare([text]);
  wrong += differ;
  console.log(`${name}: ${differ} differences; ${left} left to the library, ${characters} characters`);
}
console.log(`${all} strings, ${wrong} differences`);
process.exitCode = wrong === 0 ? 0 : 1;
