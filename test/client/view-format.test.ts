import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  about,
  bytes,
  counted,
  duration,
  figure,
  jsonLine,
  rate,
  thousands,
} from '../../client/view/format.ts';

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1234567, '1,234,567'],
  [-12345, '-12,345'],
])('thousands of %d', (value, text) => {
  expect(thousands(value)).toBe(text);
});

test('separators change no digit, and stand before every third from the right', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (value) => {
      const text = thousands(value);
      expect(text.replaceAll(',', '')).toBe(String(value));
      expect(text).toMatch(/^\d{1,3}(,\d{3})*$/);
    }),
  );
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_940, '999.9 kB'],
  [999_950, '1.0 MB'],
  [45_100, '45.1 kB'],
  [3_200_000_000_000, '3.2 TB'],
])('bytes of %d', (value, text) => {
  expect(bytes(value)).toBe(text);
});

test.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min 00 s'],
  [185_000, '3 min 05 s'],
  [3_600_000 * 50 + 180_000, '50 h 03 min'],
])('duration of %d ms', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('figures of four digits', () => {
  expect([figure(6.22812), figure(0.000123456), figure(19638)]).toEqual(['6.228', '0.0001235', '19,638']);
});

test('JSON on one line keeps its meaning and shows no terminal control', () => {
  const evil = 'a\x1b[31m\n\x7f\x9b31m\u202ec\u2028';
  const line = jsonLine({ evil });
  expect(line).not.toMatch(/[^\x20-\x7e]/);
  expect(JSON.parse(line)).toEqual({ evil });
});

test.each([
  [0, 'texts prompted', '0 texts prompted'],
  [1, 'texts prompted', '1 text prompted'],
  [1, 'of failed sources', '1 of failed sources'],
  [1, 'prompted', '1 prompted'],
  [2000, 'pairs', '2,000 pairs'],
])('%d %s', (value, plural, text) => {
  expect(counted(value, plural)).toBe(text);
});

test.each([
  [1234.4, 'texts', '1,234 texts/s'],
  [9.96, 'texts', '10 texts/s'],
  [2.54, 'partitions', '2.5 partitions/s'],
  [0.05, 'partitions', '3.0 partitions/min'],
  [0.0005, 'partitions', '1.8 partitions/h'],
])('rate of %d %s', (perSecond, what, text) => {
  expect(rate(perSecond, what)).toBe(text);
});

test.each([
  [0, 'about 1 s'],
  [7_400, 'about 7 s'],
  [38_000, 'about 40 s'],
  [57_400, 'about 55 s'],
  [57_600, 'about 1 min'],
  [185_000, 'about 3 min'],
  [3_600_000, 'about 1 h'],
  [7_900_000, 'about 2 h 10 min'],
  [86_400_000, 'about 1 day'],
  [260_000_000, 'about 3 days'],
])('about %d ms', (ms, text) => {
  expect(about(ms)).toBe(text);
});
