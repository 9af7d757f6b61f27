import { readFileSync } from 'node:fs';
import { classTable } from './classes.ts';
import { mergeMany } from './merges.ts';
import type { FastModel } from './model.ts';

/** Pre-tokens that have been seen, and what they become. */
export interface Words {
  /** Where a text is put. */
  text: Buffer;
  /** Ids of tokens, and the bytes at which they end. */
  ids: Uint32Array;
  ends: Uint32Array;
  /** Tokenizes bytes [from, end) of `text`, behind `count` tokens that are there; returns how many there are then. Ends are told from `offset` on. */
  putWords(from: number, end: number, offset: number, count: number): number;
}

/** What there is of it in every JavaScript engine, and what Node's types leave to those of browsers. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { words: Imports }) => { exports: unknown };
};
interface Global {
  readonly value: number;
}
/** What `wasm/words.ts` asks for, by addresses. */
interface Imports {
  symbolsOf(from: number, end: number, to: number): number;
  mergeMany(symbols: number, count: number): number;
}
/** What it exports. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  CLASSES: Global;
  BYTE_IDS: Global;
  PAIRS: Global;
  FREE: Global;
  MERGE_BYTES: Global;
  SLACK: Global;
  SPARE_TOKENS: Global;
  open(lengths: number, ids: number, ends: number): void;
  openMerges(at: number, log2: number): void;
  addMerge(left: number, right: number, rank: number, result: number): void;
  mergeOf(left: number, right: number): number;
  cutLater(numbers: number): void;
  cutGpt4o(numbers: number, contractions: boolean): void;
  cutNeighbours(): void;
  putWords(from: number, end: number, offset: number, count: number): number;
}

const PAGE = 2 ** 16;
const ID_BYTES = 4;
let compiled: object | undefined;

/** A table of words in a memory of its own, with room for a text of `most` bytes and as many tokens. */
export function openWords(model: FastModel, most: number): Words {
  const { cut, merges } = model;
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./words.wasm', import.meta.url)));
  let memory = new Uint8Array(0);
  let numbers = new Uint32Array(0);
  const instance = new WebAssembly.Instance(compiled, {
    words: {
      // Addresses come as signed numbers.
      symbolsOf: (from, end, to) =>
        model.symbolsOf(memory, from >>> 0, end >>> 0, numbers, (to >>> 0) / ID_BYTES),
      mergeMany: (symbols, count) =>
        mergeMany(numbers.subarray((symbols >>> 0) / ID_BYTES), count, {
          find: wasm.mergeOf,
          rank: (at) => numbers[at / ID_BYTES + 2] as number,
          result: (at) => numbers[at / ID_BYTES + 3] as number,
        }),
    },
  });
  const wasm = instance.exports as Exports;

  const highest = [...model.lengths.keys()].reduce((most, id) => Math.max(most, id), 0);
  const lengths = new Uint32Array(highest + 1);
  for (const [id, length] of model.lengths) lengths[id] = length;

  const log2 = Math.ceil(Math.log2(merges.length * 1.5 + 2));
  const mergesAt = wasm.FREE.value;
  const lengthsAt = mergesAt + 2 ** log2 * wasm.MERGE_BYTES.value;
  const textAt = lengthsAt + lengths.byteLength;
  const idsAt = aligned(textAt + most + wasm.SLACK.value);
  const idsBytes = aligned((most + wasm.SPARE_TOKENS.value) * ID_BYTES);
  const endsAt = idsAt + idsBytes;
  wasm.memory.grow(Math.ceil((endsAt + idsBytes - wasm.memory.buffer.byteLength) / PAGE));
  const { buffer } = wasm.memory;
  memory = new Uint8Array(buffer);
  numbers = new Uint32Array(buffer);
  memory.set(classTable(), wasm.CLASSES.value);
  numbers.set(model.byteIds, wasm.BYTE_IDS.value / ID_BYTES);
  numbers.set(lengths, lengthsAt / ID_BYTES);
  wasm.open(lengthsAt, idsAt, endsAt);
  wasm.openMerges(mergesAt, log2);
  for (const [rank, { left, right, result }] of merges.entries()) wasm.addMerge(left, right, rank, result);
  if (cut.by === 'later') wasm.cutLater(cut.numbers);
  if (cut.by === 'gpt4o') wasm.cutGpt4o(cut.numbers, cut.contractions);
  if (cut.by === 'neighbours') {
    memory.set(cut.neighbours, wasm.PAIRS.value);
    wasm.cutNeighbours();
  }
  return {
    text: Buffer.from(buffer, textAt, most),
    ids: new Uint32Array(buffer, idsAt, most),
    ends: new Uint32Array(buffer, endsAt, most),
    putWords: (from, end, offset, count) =>
      wasm.putWords(textAt + from, textAt + end, textAt + offset, count),
  };
}

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;
