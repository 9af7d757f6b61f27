import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenizerJson } from '../activities/tokenize/fast/file.ts';
import { type Encoded, openSlow } from '../activities/tokenize/slow.ts';
import { openTokenizer, type TextTokenizer } from '../activities/tokenize/tokenizer.ts';
import { readTokenizerFile } from '../activities/tokenize/tokenizer-file.ts';
import { openStream, type RandomStream } from '../lake/random.ts';

/** A tokenizer as it is used, and the library alone on the same file. */
export interface Pair {
  ours: TextTokenizer;
  library(texts: readonly string[]): Promise<Encoded[]>;
}

/** Opens a tokenizer that is no file yet. */
export async function openPair(json: TokenizerJson): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-fuzz-'));
  try {
    const path = join(folder, 'tokenizer.json');
    writeFileSync(path, JSON.stringify(json));
    const ours = await openTokenizer({ file: path, bos: 'none', eos: 5 });
    return { ours, library: openSlow((await readTokenizerFile(path)).withoutSpecials()) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The texts on which a tokenizer and the library differ, in ids or in where a token ends; and how many were left to the library.
 * Each text is tokenized twice: a word that is known goes another way than a new one.
 */
export async function differences(
  { ours, library }: Pair,
  texts: readonly string[],
): Promise<{ different: string[]; slow: number }> {
  const got = await ours.encodeBatch(texts);
  const again = await ours.encodeBatch(texts);
  const wanted = await library(texts);
  const different = texts.filter((text, i) => {
    const [first, second] = [got[i] as Encoded, again[i] as Encoded];
    return !(
      same(first.ids, second.ids) &&
      same(first.ends, second.ends) &&
      equal(text, first, wanted[i] as Encoded)
    );
  });
  return { different, slow: got.filter(({ slow }) => slow).length };
}

const same = (a: Uint32Array, b: Uint32Array): boolean =>
  Buffer.compare(
    new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
    new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

/** The library tells ends in letters: of a part of a letter, the letter's. Our own ends never go back, and the last is the text's. */
function equal(text: string, got: Encoded, wanted: Encoded): boolean {
  if (got.ids.length !== wanted.ids.length) return false;
  const bytes = Buffer.from(text);
  if (!got.slow && text !== '' && got.ends.at(-1) !== bytes.length) return false;
  let before = 0;
  return got.ids.every((id, i) => {
    let end = got.ends[i] as number;
    if (end < before) return false;
    before = end;
    while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end++;
    return id === wanted.ids[i] && end === wanted.ends[i];
  });
}

/** Letters that patterns, normalizers and fallbacks treat in ways of their own. */
const ODD = [
  ...'\u0000\t\n\v\f\r\u001c\u0085\u00a0\u00ad\u1680\u180e\u2000\u200b\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\ufffd\ufffe',
  ...'ſKÅÅıİßẞǅªºʰ٠१Ⅷ½²①㊀一水ぁアハングｱ＇’´`▁ĠĊÂ😀🇩🏽‍👩🚀\u0301\u0327\u0345\u05b0\u064b\u0902\u0e31\u11a8\u1161\u20e3\ufe0f\u{1d11e}\u{e0001}\u{10ffff}',
  ...[
    "'",
    '"',
    '/',
    '\\',
    '<',
    '>',
    '|',
    '_',
    '-',
    '.',
    ',',
    '(',
    ')',
    '0',
    '1',
    '9',
    'a',
    's',
    'S',
    'T',
    'é',
    'É',
    'i',
  ],
];
const PIECES = [
  ...[
    ' ',
    '  ',
    '\n',
    '\n\n',
    '\r\n',
    ' \n ',
    '\t',
    "'s",
    "'S",
    "'ſ",
    "'ll",
    "'LL",
    "'re",
    "'t",
    "don't",
    "IT'S",
    'the',
    ' The',
    ' THE',
  ],
  ...[
    '<|end|>',
    '<|begin|>',
    '</s>',
    '<unk>',
    '<s>',
    '<tool>',
    '<tool',
    'ol>',
    '<b>',
    '▁▁▁',
    'e e',
    'água',
    '<0x41>',
    '<|endoftext|>',
  ],
  ...[
    'x=1;',
    '  return {\n',
    '//',
    'http://a.b/c?d=e',
    '1234567',
    '３４',
    '1.5e-3',
    '水水水',
    '한국어',
    '가',
    'naïve',
    'Ünï',
    'ABCdefGHI',
  ],
  ...['👩‍🚀', '🇩🇪', 'e\u0301', 'ا\u064bل', 'ลิ้น', '\ud800', '\udc00x'],
];

/** Texts of all kinds, from `seed`; with `corpus`, pieces of real ones among them. */
export function* fuzzTexts(seed: string, corpus: readonly string[] = []): Generator<string> {
  const random = openStream(seed, 'test/fuzz', 'texts');
  for (;;) {
    const kind = random.below(12);
    const size = random.below(random.below(30) === 0 ? 400 : 24) + 1;
    if (kind === 0) yield repeated(() => anyLetter(random), size);
    else if (kind === 1) yield repeated(() => lettersOfBlock(random), (size >> 2) + 1);
    else if (kind < 5) yield repeated(() => random.pick(ODD), size);
    else if (kind < 8 || corpus.length === 0) yield repeated(() => random.pick(PIECES), size);
    else if (kind < 10) yield mixed(random, corpus, size);
    else yield repeated(() => run(random), (size >> 3) + 1);
  }
}

/** Long texts, which take another way through merges and tables; `times` as long for a long look. */
export function longTexts(times = 1): string[] {
  const word = (unit: string, units: number): string => unit.repeat(units * times);
  return [
    ...['a', ' ', '\n', '0', '.', 'ab', 'é', '水', '😀', ' a', "'s", '\t ', '한', '\u0301'].map((unit) =>
      word(unit, 6_000),
    ),
    word('abcdefghij', 20_000),
    word('waterandthelight', 12_500),
    Array.from({ length: 6_000 }, (_, i) => `${i.toString(36)}${i % 7 ? ' ' : '\n'}`).join(''),
  ];
}

const repeated = (make: () => string, size: number): string => {
  let text = '';
  for (let i = 0; i < size; i++) text += make();
  return text;
};
const anyLetter = (random: RandomStream): string => {
  const planes = [0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000];
  return String.fromCodePoint(random.below(random.pick(planes)));
};
const lettersOfBlock = (random: RandomStream): string => {
  const block = random.below(0x1100) << 8;
  return repeated(() => String.fromCodePoint(block + random.below(256)), random.below(8) + 1);
};
const run = (random: RandomStream): string =>
  random.pick(random.below(2) ? ODD : PIECES).repeat(random.below(random.below(20) ? 12 : 300) + 1);
function mixed(random: RandomStream, corpus: readonly string[], size: number): string {
  const text = random.pick(corpus);
  const at = random.below(Math.max(1, text.length - 10));
  const piece = text.slice(at, at + size * 10);
  const cut = random.below(piece.length + 1);
  return random.below(2) ? piece : piece.slice(0, cut) + random.pick(ODD) + piece.slice(cut);
}
