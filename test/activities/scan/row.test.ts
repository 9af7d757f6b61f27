import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Check } from '../../../activities/scan/check.ts';
import { checkedText, textOrReason } from '../../../activities/scan/row.ts';

test('a text keeps its bytes', () => {
  expect(textOrReason(' \ufeffa\0b\n')).toEqual({ text: ' \ufeffa\0b\n' });
});
test.each([
  [null, 'null'],
  [undefined, 'null'],
  ['', 'blank'],
  [' \t\n\r\u00a0\u3000\ufeff\0', 'blank'],
])('%j is rejected as %s', (cell, reason) => {
  expect(textOrReason(cell)).toMatchObject({ reason });
});
test('bytes that are no text are rejected, their excerpt harmless to a terminal', () => {
  const bytes = new Uint8Array([0x41, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xff]);
  expect(textOrReason({ invalidUtf8: true, bytes })).toEqual({
    reason: 'invalidUtf8',
    detail: null,
    excerpt: 'A\\x1b[31m\u00ff',
  });
});

const PLACE = { key: 'raw/a.parquet', row: 7 };
/** A check that has something against texts with a letter in them. */
const without =
  (letter: string): Check =>
  (text, { key, row }) =>
    text.includes(letter) ? { reason: `test:${letter}`, detail: `${letter} in ${key}, ${row}` } : undefined;

test('the first check that has something against a text says why, and is told where the text stands', () => {
  const checks = [without('b'), without('a')];
  expect(checkedText('c\x1b', checks, PLACE)).toEqual({ text: 'c\x1b' });
  expect(checkedText('ab\x1b', checks, PLACE)).toEqual({
    reason: 'test:b',
    detail: 'b in raw/a.parquet, 7',
    excerpt: 'ab\\x1b',
  });
  expect(checkedText('a', checks, PLACE)).toMatchObject({ reason: 'test:a' });
  expect(checkedText(null, checks, PLACE)).toMatchObject({ reason: 'null' });
});
test('the order of the checks decides the reason, and never whether a text is used', () => {
  const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abcdxy'), minLength: 1 }), letters, (text, order) => {
      const found = checkedText(text, order.map(without), PLACE);
      const expected = order.find((letter) => text.includes(letter));
      expect('reason' in found ? found.reason : undefined).toBe(expected && `test:${expected}`);
    }),
  );
});
