import fc from 'fast-check';
import { ByteWriter } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { asId, asText, decodeUtf8Strict, PARSERS } from '../../../lake/parquet/cells.ts';
import { appendRuns, readHybrid } from '../../../lake/parquet/hybrid.ts';
import { lz4Hadoop, lz4Raw } from '../../../lake/parquet/lz4.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const ascii = (data: Uint8Array) => Buffer.from(data).toString('latin1');

describe('runs and bit-packed values', () => {
  test("the format's own example: 0 to 7 in three bits", () => {
    expect([...readHybrid(bytes(0x03, 0x88, 0xc6, 0xfa), 3, 8)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
  test('a run, then packed values, cut at the count', () => {
    expect([...readHybrid(bytes(5 << 1, 0x01, 0x03, 0x05), 1, 9)]).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 0]);
  });
  test('values of any width survive packing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.array(fc.nat(2 ** 31 - 1), { minLength: 1 }),
        (width, raw) => {
          const values = raw.map((value) => (value * 2 + 1) % 2 ** width);
          const padded = [...values, ...Array<number>((8 - (values.length % 8)) % 8).fill(0)];
          const bits = padded
            .map((value) => [...value.toString(2).padStart(width, '0')].reverse().join(''))
            .join('');
          const packed = (bits.match(/.{8}/g) ?? []).map((byte) =>
            Number.parseInt([...byte].reverse().join(''), 2),
          );
          const header = ((padded.length / 8) << 1) | 1;
          const encoded = header < 128 ? [header] : [(header & 127) | 128, header >> 7];
          expect([...readHybrid(Uint8Array.from([...encoded, ...packed]), width, values.length)]).toEqual(
            values,
          );
        },
      ),
    );
  });
  test('runs that are written: neighbours that are equal are one, empty ones none', () => {
    const writer = new ByteWriter();
    const runs = [
      [0, 0],
      [1, 2],
      [1, 3],
      [0, 0],
      [1, 59],
      [0, 1],
      [1, 0],
    ] as const;
    expect(appendRuns(writer, runs)).toBe(5);
    expect([...writer.getBytes()]).toEqual([0x80, 0x01, 1, 2, 0]);
  });
  test('any runs are read back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(255), fc.nat(300))), (runs) => {
        const writer = new ByteWriter();
        const size = appendRuns(writer, runs);
        const values = runs.flatMap(([value, count]) => Array<number>(count).fill(value));
        expect(size).toBe(writer.getBytes().length);
        expect([...readHybrid(writer.getBytes(), 8, values.length)]).toEqual(values);
      }),
    );
  });
  test('a run of two thousand million does not take the process down', () => {
    expect(readHybrid(bytes(0xfe, 0xff, 0xff, 0xff, 0x0f, 1), 1, 10)).toHaveLength(10);
  });
  test.each([
    ['no bytes', bytes(), 1],
    ['a run without its value', bytes(8), 9],
    ['packed values that end too early', bytes(0x05, 0x88), 3],
    ['an endless length', bytes(0xff, 0xff, 0xff, 0xff, 0xff, 1), 1],
    ['too many bits', bytes(3, 1), 33],
  ])('%s: an error', (_, data, width) => {
    expect(() => readHybrid(data, width, 16)).toThrow(RangeError);
  });
});

describe('LZ4', () => {
  const hello = bytes(0x50, ...Buffer.from('hello'));
  const repeated = bytes(0x28, ...Buffer.from('ab'), 2, 0, 0x10, 0x21);
  test('literals and a match that overlaps itself', () => {
    expect(ascii(lz4Raw(hello, 5))).toBe('hello');
    expect(ascii(lz4Raw(repeated, 15))).toBe('ababababababab!');
  });
  test("Hadoop's frames", () => {
    const frame = bytes(0, 0, 0, 5, 0, 0, 0, 6, ...hello);
    expect(ascii(lz4Hadoop(bytes(...frame, ...frame), 10))).toBe('hellohello');
    expect(ascii(lz4Hadoop(hello, 5))).toBe('hello');
  });
  test.each([
    ['too few bytes', hello, 6],
    ['too many bytes', hello, 4],
    ['literals missing', hello.slice(0, 4), 5],
    ['a match before the start', bytes(0x24, 0x61, 0x62, 3, 0, 0x10, 0x21), 11],
    ['a match at distance 0', bytes(0x24, 0x61, 0x62, 0, 0, 0x10, 0x21), 11],
  ])('%s: an error', (_, data, length) => {
    expect(() => lz4Raw(data, length)).toThrow(RangeError);
  });
});

describe('cells', () => {
  test('UTF-8 is strict and keeps a byte order mark', () => {
    expect(decodeUtf8Strict(Buffer.from('\ufeffä😀'))).toBe('\ufeffä😀');
    expect(decodeUtf8Strict(bytes(0x63, 0xe9))).toBeUndefined();
    expect(decodeUtf8Strict(bytes(0xed, 0xa0, 0x80))).toBeUndefined();
  });
  test('texts', () => {
    const bad = PARSERS.stringFromBytes(bytes(0xff));
    expect(asText('x')).toEqual({ text: 'x' });
    expect(asText(bad)).toEqual({ invalidUtf8: true, bytes: bytes(0xff) });
    expect(asText(null)).toBeUndefined();
    expect(() => asText(5)).toThrow(TypeError);
  });
  test('ids', () => {
    const bad = PARSERS.stringFromBytes(bytes(0xff, 0x01));
    expect(['a', 7, 2n ** 63n, 1.5, bad, null, Number.NaN].map(asId)).toEqual([
      'a',
      '7',
      '9223372036854775808',
      '1.5',
      '0xff01',
      undefined,
      undefined,
    ]);
    expect(() => asId([1])).toThrow(TypeError);
  });
  test('times keep all their digits', () => {
    expect(PARSERS.dateFromDays(-1)).toBe('1969-12-31');
    expect(PARSERS.timestampFromMilliseconds(1n)).toBe('1970-01-01T00:00:00.001Z');
    expect(PARSERS.timestampFromNanoseconds(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
    expect(PARSERS.timestampFromMicroseconds(9_000_000_000_000_000_000n)).toBe('9000000000000.000000');
  });
});
