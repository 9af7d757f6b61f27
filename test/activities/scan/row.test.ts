import { expect, test } from 'vitest';
import { textOrReason } from '../../../activities/scan/row.ts';

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
    excerpt: 'A\\x1b[31m\u00ff',
  });
});
