// Writes activities/tokenize/fast/classes.json: what the patterns of tokenizers see in each code point, as the pinned
// library sees it. Nothing else would do: Node's own Unicode tables are of another version.
//
//     node --import tsx scripts/tokenizer-classes.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from 'tokenizers';
import { BYTE_LETTERS } from '../activities/tokenize/fast/byte-letters.ts';
import { CLASS, CODE_POINTS, packClasses } from '../activities/tokenize/fast/classes.ts';

/** Code points at once: their matches come as JavaScript objects. */
const BATCH = 2 ** 14;
const SURROGATES = { from: 0xd800, to: 0xe000 };

/** Which classes the library gives each code point; a surrogate has none. */
export async function classesOfLibrary(): Promise<Uint8Array> {
  const classes = new Uint8Array(CODE_POINTS);
  const letters = [
    [CLASS.upper, '[\\p{Lu}\\p{Lt}]'],
    [CLASS.lower, '\\p{Ll}'],
    [CLASS.caseless, '[\\p{Lm}\\p{Lo}]'],
    [CLASS.mark, '\\p{M}'],
    [CLASS.number, '\\p{N}'],
    [CLASS.space, '\\s'],
  ] as const;
  for (const [value, pattern] of letters) {
    for (const code of await matches(pattern)) {
      if (classes[code] !== CLASS.other) throw new Error(`U+${code.toString(16)} is of two classes`);
      classes[code] = value;
    }
  }
  const normal = await unchangedByNfc();
  const unsafe = new Set([...(await matches('[\\p{M}\\p{Cn}]')), ...range(0x1100, 0x1200)]);
  for (const code of codePoints()) {
    if (!normal.has(code) || unsafe.has(code)) classes[code] = (classes[code] as number) | CLASS.unstable;
  }
  return classes;
}

export function libraryVersion(): string {
  const require = createRequire(import.meta.url);
  const file = require.resolve('tokenizers/package.json');
  return `tokenizers ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
}

/** Code points that a pattern of one character matches, and nothing longer. */
async function matches(pattern: string): Promise<Set<number>> {
  const found = new Set(codePoints());
  const tokenizer = Tokenizer.fromString(
    file({
      pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: false },
    }),
  );
  for (const batch of batches()) {
    const text = String.fromCodePoint(...batch);
    const { length } = batch;
    const encoding = await tokenizer.encode(text, null, { addSpecialTokens: false });
    for (const [start, end] of encoding.getOffsets() as [number, number][]) {
      for (let i = start; i < Math.min(end, length); i++) found.delete(batch[i] as number);
    }
  }
  return found;
}

/** Code points that the library's NFC leaves as they are, by themselves: seen through a tokenizer whose ids are bytes. */
async function unchangedByNfc(): Promise<Set<number>> {
  const vocab = Object.fromEntries(BYTE_LETTERS.map((letter, byte) => [letter, byte]));
  const tokenizer = Tokenizer.fromString(
    file({
      normalizer: { type: 'NFC' },
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: { type: 'BPE', vocab, merges: [] },
    }),
  );
  const same = new Set([0]);
  for (const batch of batches()) {
    // Each followed by a zero byte, which composes with nothing; that one by itself is its own neighbour.
    const text = batch.map((code) => `${String.fromCodePoint(code || 1)}\0`).join('');
    const bytes = Buffer.from((await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds());
    const normal = bytes.toString().split('\0');
    for (const [i, code] of batch.entries()) if (normal[i] === String.fromCodePoint(code)) same.add(code);
  }
  return same;
}

function file(parts: object): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' },
    ...parts,
  });
}

function* range(from: number, to: number): Generator<number> {
  for (let code = from; code < to; code++) yield code;
}
function* codePoints(): Generator<number> {
  yield* range(0, SURROGATES.from);
  yield* range(SURROGATES.to, CODE_POINTS);
}
function* batches(): Generator<number[]> {
  let batch: number[] = [];
  for (const code of codePoints()) {
    batch.push(code);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = { library: libraryVersion(), classes: packClasses(await classesOfLibrary()) };
  writeFileSync(
    fileURLToPath(new URL('../activities/tokenize/fast/classes.json', import.meta.url)),
    `${JSON.stringify(text, null, 2)}\n`,
  );
}
