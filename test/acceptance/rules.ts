// tier: ci — the rules of the embedded endpoint on the real corpus: pairs a text, kinds, linked chains and balance of labels, per file
import { join } from 'node:path';
import { chainsOf } from '../../activities/synthesize/entry.ts';
import { minePairs } from '../../activities/synthesize/rules/mine.ts';
import type { Pair, PairKind } from '../../workflows/contract.ts';
import { DATA, must, skip } from './lib.ts';
import { type CorpusText, corpusTexts, type MinedEntry, mineCorpus } from './parts/mined-corpus.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');

/** Words of a text from which on three pairs are expected of it. */
const LONG = 60;
const KINDS: readonly PairKind[] = ['plain', 'option', 'cot', 'option-cot'];
/** Labels that are told against each other. The fourth letter of a choice is rarer because some have three options. */
const LABELS: readonly (readonly string[])[] = [
  ['Yes', 'No', 'Maybe'],
  ['True', 'False'],
  ['A', 'B', 'C', 'D'],
];

const texts = await corpusTexts(join(DATA, 'corpus'));
const started = performance.now();
const entries = await mineCorpus(texts, 3);
const seconds = (performance.now() - started) / 1000;

const files = [...new Set(texts.map(({ key }) => key))];
const columns = [
  ...files.map((file) => ({ name: file.replace('.parquet', ''), of: [file] })),
  { name: 'all', of: files },
];
const figures = columns.map(({ of }) => measure(of));
table(
  columns.map(({ name }) => name),
  figures.map(({ lines }) => lines),
);
console.log(`  ${seconds.toFixed(1)} s for three rounds; the miner alone ${speed().toFixed(2)} MB/s`);

const all = figures.at(-1);
if (all === undefined) throw new Error('the corpus has no files');
must(
  all.withThree >= 0.85,
  `${percent(all.withThree)} of the texts of ${LONG} words or more have 3 valid pairs (at least 85 %)`,
);
must(all.linked >= 0.5, `${percent(all.linked)} of the texts are in linked chains at M = 3 (at least 50 %)`);
for (const kind of KINDS) {
  const share = all.kinds[kind];
  must(share >= 0.1, `${percent(share)} of the pairs are of kind ${kind} (at least 10 %)`);
}
for (const [label, share] of all.labels) must(share <= 0.6, `${percent(share)} of ${label} (at most 60 %)`);
must(all.drops === 0, 'no answer is cut off or refused by the parser');

interface Figures {
  withThree: number;
  linked: number;
  kinds: Record<PairKind, number>;
  /** The share of each label among those of its sort. */
  labels: [string, number][];
  drops: number;
  lines: [string, string][];
}

function measure(of: readonly string[]): Figures {
  const mine = entries.filter(({ key }) => of.includes(key));
  const pairsOf = new Map<CorpusText, number>();
  const byPlace = new Map(texts.filter(({ key }) => of.includes(key)).map((text) => [placeOf(text), text]));
  for (const text of byPlace.values()) pairsOf.set(text, 0);
  for (const entry of mine) {
    const text = byPlace.get(placeOf(entry));
    if (text !== undefined) pairsOf.set(text, (pairsOf.get(text) ?? 0) + entry.pairs.length);
  }
  const long = [...pairsOf].filter(([{ text }]) => text.trim().split(/\s+/).length >= LONG);
  const pairs = mine.flatMap((entry) => entry.pairs);
  const withThree = share(long, ([, count]) => count >= 3);
  const linkedTexts = linkedOf(mine);
  const linked = linkedTexts.size / byPlace.size;
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [kind, share(pairs, (pair) => pair.kind === kind)]),
  ) as Record<PairKind, number>;
  const labels = LABELS.flatMap((sort) => balance(pairs, sort));
  const drops = new Map<string, number>();
  for (const entry of mine)
    for (const [reason, count] of Object.entries(entry.drops))
      drops.set(reason, (drops.get(reason) ?? 0) + count);
  const lines: [string, string][] = [
    ['texts', String(byPlace.size)],
    ['parts prompted', String(mine.length)],
    [`of ${LONG} words or more`, String(long.length)],
    ['with 3 valid pairs', percent(withThree)],
    ['pairs', String(pairs.length)],
    ['pairs a text', (pairs.length / byPlace.size).toFixed(2)],
    ['in linked chains', percent(linked)],
    ...KINDS.map((kind): [string, string] => [kind, percent(kinds[kind])]),
    ...labels.map(([label, part]): [string, string] => [label, percent(part)]),
    ['dropped', [...drops].map(([reason, count]) => `${count} ${reason}`).join(', ') || '0'],
  ];
  const dropped = [...drops.values()].reduce((sum, count) => sum + count, 0);
  return { withThree, linked, kinds, labels, drops: dropped, lines };
}

/** Texts that stand in a chain with another text. */
function linkedOf(mine: readonly MinedEntry[]): Set<string> {
  const bySlot = new Map<string, MinedEntry[]>();
  for (const entry of mine) bySlot.set(entry.slot, [...(bySlot.get(entry.slot) ?? []), entry]);
  const chains = [...bySlot.values()].flatMap((slot) => chainsOf(slot));
  const places = chains.map((chain) => new Set(chain.map(placeOf)));
  return new Set(places.filter((chain) => chain.size > 1).flatMap((chain) => [...chain]));
}

/** How often each label is the answer, of all answers of its sort. Letters stand for places among options that are no labels. */
function balance(pairs: readonly Pair[], sort: readonly string[]): [string, number][] {
  const given = pairs.flatMap((pair) => {
    if (!sort.includes('A')) return sort.includes(pair.answer) ? [pair.answer] : [];
    return pair.options === undefined || LABELS.some((labels) => labels.includes(pair.answer))
      ? []
      : ['ABCD'.charAt(pair.options.indexOf(pair.answer))];
  });
  return sort.map((label) => [`"${label}"`, share(given, (one) => one === label)]);
}

/** Megabytes of text a second that the miner alone reads, in one thread. */
function speed(): number {
  const some = texts.filter((_, i) => i % 5 === 0);
  const bytes = some.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const from = performance.now();
  for (const { text } of some) minePairs(text);
  return bytes / 1000 / (performance.now() - from);
}

function placeOf({ key, row }: { key: string; row: number }): string {
  return `${key} ${row}`;
}

function share<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(is).length / items.length;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

function table(names: readonly string[], figures: readonly [string, string][][]): void {
  const widths = figures.map((lines, i) =>
    Math.max(names[i]?.length ?? 0, ...lines.map(([, value]) => value.length)),
  );
  const line = (first: string, cells: readonly string[]): string =>
    `  ${first.padEnd(24)}${cells.map((cell, i) => cell.padStart((widths[i] ?? 0) + 2)).join('')}`;
  console.log(line('', names));
  for (const [i, [name]] of (figures[0] ?? []).entries())
    console.log(
      line(
        name,
        figures.map((lines) => lines[i]?.[1] ?? ''),
      ),
    );
}
