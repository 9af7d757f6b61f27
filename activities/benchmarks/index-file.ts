import { CorruptLake } from '../../lake/errors.ts';
import type { BenchmarkIndex } from './benchmark-index.ts';
import type { GramTable } from './gram-table.ts';

/**
 * The index as one object: the magic "BENCHMK1", the bytes of the header (u32) and zeros (u32), the header as JSON, zeros up to the
 * next multiple of eight; then the arrays that the header lists, little-endian, each begun at a multiple of eight.
 */
const MAGIC = 'BENCHMK1';
const HEADER_START = 16;

type Numbers = Uint8Array | Uint32Array;
interface Header {
  sets: readonly string[];
  objects: readonly string[];
  answers: [value: number, answers: readonly string[]][];
  tables: Pick<GramTable, 'prefix' | 'lengths'>[];
  /** Bytes of a number, and how many. */
  arrays: [bytes: number, length: number][];
}

const align = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** The bytes of an index, in pieces. Equal indexes give equal bytes. */
export function encodeIndex(index: BenchmarkIndex): Uint8Array[] {
  const { sets, objects, setOf, fieldOf, gramsOf, itemsOf, firstItem, itemObject, itemRow } = index;
  const tables = [index.grams, index.short];
  const arrays: Numbers[] = [
    ...[setOf, fieldOf, gramsOf, itemsOf, firstItem, itemObject, itemRow],
    ...tables.flatMap(({ upper, lower, values, filter }) => [upper, lower, values, filter]),
  ];
  const header: Header = {
    sets,
    objects,
    answers: [...index.answers],
    tables: tables.map(({ prefix, lengths }) => ({ prefix, lengths })),
    arrays: arrays.map((each) => [each.BYTES_PER_ELEMENT, each.length]),
  };
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(align(HEADER_START + json.length));
  head.write(MAGIC);
  head.writeUInt32LE(json.length, 8);
  json.copy(head, HEADER_START);
  return [
    head,
    ...arrays.flatMap((each) => {
      const bytes = new Uint8Array(each.buffer, each.byteOffset, each.byteLength);
      return [bytes, new Uint8Array(align(bytes.length) - bytes.length)];
    }),
  ];
}

/** The index that an object holds, in memory of its own. Throws CorruptLake where it is none. */
export function decodeIndex(bytes: Uint8Array): BenchmarkIndex {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < HEADER_START || whole.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new CorruptLake('an index of evaluation sets does not begin as one');
  }
  const headerEnd = HEADER_START + whole.readUInt32LE(8);
  const header = JSON.parse(whole.toString('utf8', HEADER_START, headerEnd)) as Header;
  let at = align(headerEnd);
  const arrays = header.arrays.map(([width, length]): Numbers => {
    const { buffer } = new Uint8Array(bytes.subarray(at, at + width * length));
    at += align(width * length);
    return width === 1 ? new Uint8Array(buffer) : new Uint32Array(buffer);
  });
  const next = <T extends Numbers = Uint32Array>(): T => arrays.shift() as T;
  const table = (each: Header['tables'][number] | undefined): GramTable => ({
    prefix: each?.prefix ?? 0,
    lengths: each?.lengths ?? 0,
    upper: next(),
    lower: next(),
    values: next(),
    filter: next(),
  });
  const { sets, objects, answers, tables } = header;
  return {
    sets,
    objects,
    answers: new Map(answers),
    setOf: next<Uint8Array>(),
    fieldOf: next<Uint8Array>(),
    gramsOf: next(),
    itemsOf: next(),
    firstItem: next(),
    itemObject: next(),
    itemRow: next(),
    grams: table(tables[0]),
    short: table(tables[1]),
  };
}
