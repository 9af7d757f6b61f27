import { readFileSync } from 'node:fs';
import { classTable } from './classes.ts';
import type { Cut } from './cut.ts';

/** What becomes of the bytes of a pre-token that is not known yet: its ids, into `symbols`; returns how many. */
export type Spell = (bytes: Uint8Array, from: number, end: number, symbols: Int32Array) => number;

/** Pre-tokens that have been seen, and what they become. */
export interface Words {
  /** Where a text is put. */
  text: Buffer;
  /** Ids of tokens, and the bytes at which they end: there is room for as many as `text` has bytes. */
  ids: Uint32Array;
  ends: Uint32Array;
  /** Tokenizes bytes [from, end) of `text`, behind `count` tokens that are there; returns how many there are then. Ends are told from `offset` on. */
  putWords(from: number, end: number, offset: number, count: number): number;
}

/** What there is of it in every JavaScript engine, and what Node's types leave to those of browsers. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: { words: { spell(from: number, end: number, to: number): number } },
  ) => { exports: unknown };
};
interface Global {
  readonly value: number;
}
/** What `wasm/words.ts` exports. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  CLASSES: Global;
  PAIRS: Global;
  FREE: Global;
  SLACK: Global;
  SPARE_TOKENS: Global;
  open(lengths: number, ids: number, ends: number): void;
  cutLater(numbers: number): void;
  cutGpt4o(numbers: number, contractions: boolean): void;
  cutNeighbours(): void;
  putWords(from: number, end: number, offset: number, count: number): number;
}

const PAGE = 2 ** 16;
const ID_BYTES = 4;
let compiled: object | undefined;

/** A table of words in a memory of its own, with room for a text of so many bytes. `lengths`: bytes of text behind each id. */
export function openWords(cut: Cut, spell: Spell, lengths: Uint32Array, textBytes: number): Words {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./words.wasm', import.meta.url)));
  let symbols = new Int32Array(256);
  let memory = new Uint8Array(0);
  let memoryIds = new Uint32Array(0);
  /** Called for a word that is not known, by addresses. */
  function spellWord(from: number, end: number, to: number): number {
    if (symbols.length < end - from) symbols = new Int32Array(2 * (end - from));
    const count = spell(memory, from, end, symbols);
    for (let i = 0, at = to / ID_BYTES; i < count; i++) memoryIds[at++] = symbols[i] as number;
    return count;
  }
  const instance = new WebAssembly.Instance(compiled, { words: { spell: spellWord } });
  const wasm = instance.exports as unknown as Exports;

  const lengthsAt = aligned(wasm.FREE.value);
  const textAt = lengthsAt + lengths.byteLength;
  const idsAt = aligned(textAt + textBytes + wasm.SLACK.value);
  const idsBytes = aligned((textBytes + wasm.SPARE_TOKENS.value) * ID_BYTES);
  const endsAt = idsAt + idsBytes;
  wasm.memory.grow(Math.ceil((endsAt + idsBytes - wasm.memory.buffer.byteLength) / PAGE));
  const { buffer } = wasm.memory;
  memory = new Uint8Array(buffer);
  memoryIds = new Uint32Array(buffer);
  memory.set(classTable(), wasm.CLASSES.value);
  new Uint32Array(buffer, lengthsAt).set(lengths);
  wasm.open(lengthsAt, idsAt, endsAt);
  if (cut.by === 'later') wasm.cutLater(cut.numbers);
  if (cut.by === 'gpt4o') wasm.cutGpt4o(cut.numbers, cut.contractions);
  if (cut.by === 'neighbours') {
    memory.set(cut.neighbours, wasm.PAIRS.value);
    wasm.cutNeighbours();
  }
  return {
    text: Buffer.from(buffer, textAt, textBytes),
    ids: new Uint32Array(buffer, idsAt, textBytes),
    ends: new Uint32Array(buffer, endsAt, textBytes),
    putWords: (from, end, offset, count) =>
      wasm.putWords(textAt + from, textAt + end, textAt + offset, count),
  };
}

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;
