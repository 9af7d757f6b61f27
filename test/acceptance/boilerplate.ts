// tier: readers — what near-dedupe drops of real pages that share a form: a real run, the exact similarity of each pair, other thresholds, a dozen pairs read by a person
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDuplicates } from '../../client/duplicates.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { DATA, lake, must, skip } from './lib.ts';
import { type CorpusDocument, corpusDocuments } from './parts/corpus-documents.ts';
import {
  type Dropped,
  dropNear,
  estimated,
  exact,
  type Fingerprint,
  fingerprint,
  jaccard,
  wordsThatDiffer,
} from './parts/near-rule.ts';
import { stackUp } from './parts/stack.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
const folder = join(DATA, 'corpus');
const DEFAULT = 0.75;
const THRESHOLDS = [DEFAULT, 0.8, 0.85, 0.9, 0.95];
const SOURCES = ['gard', 'ghr', 'mplus', 'ninds', 'cancergov'];

const documents = await corpusDocuments(folder);
const prints = documents.map(({ text }) => fingerprint(text));
const placeOf = ({ source, row }: CorpusDocument): string => `${source}:${row}`;

/** What is known of a dropped page and the one that it was dropped for. */
interface Pair extends Dropped {
  page: CorpusDocument;
  other: CorpusDocument;
  /** Of the shingles themselves. */
  jaccard: number;
  /** Part of the words of both that the other has not. */
  differ: number;
  /** Words of the dropped page that the kept one has nowhere, its own name aside: what it says of its own. */
  own: string[];
}
function pairOf(verdict: Dropped): Pair {
  const page = documents[verdict.dropped] as CorpusDocument;
  const other = documents[verdict.kept] as CorpusDocument;
  const [a, b] = [prints[verdict.kept] as Fingerprint, prints[verdict.dropped] as Fingerprint];
  const known = new Set([...a.words, ...fingerprint(page.title).words]);
  const own = [...new Set(b.words)].filter((word) => !known.has(word));
  const differ = wordsThatDiffer(a.words, b.words);
  return { ...verdict, page, other, jaccard: jaccard(a.shingles, b.shingles), differ, own };
}

console.log(
  '\nWhat is dropped by threshold: pages by source; of all those with an exact similarity below the',
);
console.log(
  'threshold; another title than the kept page; at least one word of their own besides their name; three.',
);
console.log(
  `  verify    threshold ${SOURCES.map((each) => each.padStart(9)).join(' ')}   below  title  own>0  own>2`,
);
const byDefault = dropNear(prints, DEFAULT, estimated).map(pairOf);
for (const [name, similarity] of [
  ['estimate', estimated],
  ['exact', exact],
] as const) {
  for (const threshold of THRESHOLDS) {
    const pairs = dropNear(prints, threshold, similarity).map(pairOf);
    const count = (of: (pair: Pair) => boolean): string => String(pairs.filter(of).length).padStart(7);
    console.log(
      `  ${name.padEnd(9)} ${String(threshold).padEnd(9)} ${SOURCES.map((source) => count(({ page }) => page.source === source).padStart(9)).join(' ')} ${count((pair) => pair.jaccard < threshold)}${count(({ page, other }) => page.title !== other.title)}${count(({ own }) => own.length > 0)}${count(({ own }) => own.length > 2)}`,
    );
  }
}

console.log(`\nAt the default, ${byDefault.length} of ${documents.length} pages. Their exact similarity:`);
for (let bin = 12; bin < 20; bin++) {
  const inside = byDefault.filter((pair) => Math.floor(pair.jaccard * 20) === bin).length;
  console.log(`  ${(bin / 20).toFixed(2)} … ${((bin + 1) / 20).toFixed(2)}  ${String(inside).padStart(4)}`);
}
const below = byDefault.filter((pair) => pair.jaccard < DEFAULT).length;
console.log(`  below ${DEFAULT}: ${below} of ${byDefault.length}`);
const differ = byDefault.map((pair) => pair.differ).sort((a, b) => a - b);
const quantile = (q: number): string =>
  `${(100 * (differ[Math.floor(q * (differ.length - 1))] ?? 0)).toFixed(0)} %`;
console.log(
  `  words that differ: median ${quantile(0.5)}, a tenth under ${quantile(0.1)}, a tenth over ${quantile(0.9)}`,
);

/**
 * What a reader said of pairs that an earlier release dropped, by other signatures: the ones in the middle of each tenth by
 * exact similarity, drawn and not chosen, and four of other families. Right: the dropped page says nothing that the kept one does not say, but for a name.
 */
const READ: [page: string, other: string, right: boolean, why: string][] = [
  [
    'gard:2215',
    'gard:11',
    false,
    'ten symptoms and the inheritance of its own; the kept page has one symptom',
  ],
  ['gard:1834', 'gard:11', false, 'twelve symptoms and the inheritance of its own'],
  ['gard:1814', 'gard:11', false, 'eight symptoms of its own, five with their frequency'],
  ['gard:461', 'gard:457', true, 'three sentences that say the same of another chromosome'],
  ['gard:1062', 'gard:11', false, 'five symptoms and the inheritance of its own'],
  ['gard:1179', 'gard:11', false, 'four symptoms and the inheritance of its own'],
  ['gard:2431', 'gard:11', false, 'three symptoms and the inheritance of its own'],
  ['gard:1320', 'gard:11', false, 'two symptoms of its own, one of them its name'],
  ['gard:687', 'gard:11', false, 'three symptoms and the course of its own'],
  ['mplus:59', 'mplus:16', true, 'a page of links: the same sentences on another people'],
  ['gard:407', 'gard:396', false, 'another type of the disease with ten other symptoms'],
  ['gard:24', 'gard:23', true, 'the same disease under a longer name, one half-sentence more'],
  ['gard:2442', 'gard:1496', true, 'the same disease under another name, symptom for symptom'],
  ['gard:222', 'gard:219', true, 'another type with the same symptoms, symptom for symptom'],
];
console.log('\nPairs read:');
const placed = new Map(documents.map((each, i) => [placeOf(each), i]));
let dropped = 0;
for (const [page, other, right, why] of READ) {
  const [one, two] = [placed.get(page) ?? -1, placed.get(other) ?? -1];
  const verdict = byDefault.find((each) => each.dropped === one && each.kept === two);
  if (verdict !== undefined) dropped++;
  const similarity = estimated(prints[two] as Fingerprint, prints[one] as Fingerprint);
  const pair = pairOf({ dropped: one, kept: two, kind: 'near', similarity });
  console.log(
    `  ${verdict === undefined ? 'kept, or dropped for another' : 'dropped'}: ${pair.page.title} ← ${pair.other.title}: exact ${pair.jaccard.toFixed(3)}, estimated ${similarity.toFixed(3)}, words of its own: ${pair.own.join(' ') || 'none'}\n      to drop it is ${right ? 'right' : 'WRONG'}: ${why}`,
  );
}
must(dropped >= 8, `${dropped} of the ${READ.length} pairs that were read are dropped by default`);

console.log('');
const { folder: work, env } = await stackUp('boilerplate');
const command = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await lake(args, { cwd: work, env });
  if (code !== 0) throw new Error(`NOT SO: ${args.join(' ')} ends with 0 (${code})\n${stdout}${stderr}`);
  return stdout;
};
const spec: IngestSpec = {
  domain: 'forms',
  input: { prefix: 'raw/forms/', text: 'text' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
  tokenizer: 'default',
  sequenceLength: 2048,
  mix: { sources: [{ from: 'raw', weight: 1 }] },
};
writeFileSync(join(work, 'spec.json'), JSON.stringify(spec));
await command('import', ...SOURCES.map((source) => join(folder, `${source}.parquet`)), '--to', 'raw/forms/');
await command('ingest', 'spec.json', '--run', 'r1', '--watch');
const { clusters } = JSON.parse(
  await command('duplicates', 'forms/r1', '--limit', '10000', '--members', '10000', '--json'),
) as RunDuplicates;
const found = new Map(
  clusters.flatMap(({ kept, dropped }) =>
    dropped.map(({ key, row, similarity }) => [`${key}:${row}`, `${kept.key}:${kept.row} ${similarity}`]),
  ),
);
const expected = new Map(
  byDefault.map(({ page, other, similarity }) => [
    `raw/forms/${page.source}.parquet:${page.row}`,
    `raw/forms/${other.source}.parquet:${other.row} ${similarity}`,
  ]),
);
const same = [...expected].filter(([page, verdict]) => found.get(page) === verdict).length;
must(
  same >= 0.9 * expected.size && found.size <= 1.1 * expected.size,
  `of the ${found.size} verdicts of a real run ${same} are those that are looked at above`,
);
must(![...found.keys()].some((key) => key.startsWith('raw/forms/ghr.')), 'no page of ghr is dropped');
spec.dedupe = { verify: 'exact' };
writeFileSync(join(work, 'exact.json'), JSON.stringify(spec));
await command('ingest', 'exact.json', '--run', 'r2', '--watch');
const verified = JSON.parse(
  await command('duplicates', 'forms/r2', '--limit', '10000', '--members', '10000', '--json'),
) as RunDuplicates;
const truly = new Map(
  dropNear(prints, DEFAULT, exact)
    .map(pairOf)
    .map((pair) => [`raw/forms/${pair.page.source}.parquet:${pair.page.row}`, pair.jaccard]),
);
const members = verified.clusters.flatMap((cluster) => cluster.dropped);
must(
  members.length === truly.size &&
    members.every(
      ({ key, row, similarity }) => Math.abs((truly.get(`${key}:${row}`) ?? 0) - similarity) < 0.002,
    ),
  `with \`verify: "exact"\` a real run drops ${members.length} pages, those and with the similarities that their shingles have`,
);
const [largest] = clusters;
console.log(
  `  its largest cluster: ${largest?.size} pages dropped for ${largest?.kept.key} row ${largest?.kept.row}`,
);
