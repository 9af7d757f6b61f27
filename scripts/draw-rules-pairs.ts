// Draws pairs that the rules mine from the real corpus, to be read and judged by a person: node --import tsx
// scripts/draw-rules-pairs.ts SEED COUNT prints one JSON object a line. docs/rules-pairs.md judges those of seed "fifty".
import { join } from 'node:path';
import { unitHash } from '../lake/random.ts';
import { DATA } from '../test/acceptance/lib.ts';
import { corpusTexts, mineCorpus } from '../test/acceptance/parts/mined-corpus.ts';

const [seed = 'fifty', count = '50'] = process.argv.slice(2);
if (DATA === undefined)
  throw new Error('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
const entries = await mineCorpus(await corpusTexts(join(DATA, 'corpus')), 3);
const drawn = entries
  .flatMap(({ key, row, part, context, pairs }) =>
    pairs.map((pair, ordinal) => {
      const place = JSON.stringify([key, row, part, ordinal]);
      return { draw: unitHash(seed, 'rules-pairs', place), key, row, part, ordinal, pair, context };
    }),
  )
  .sort((a, b) => a.draw - b.draw)
  .slice(0, Number(count));
for (const { draw: _, ...one } of drawn) console.log(JSON.stringify(one));
