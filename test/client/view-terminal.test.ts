import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bar, cutTo, saysUnicode, terminalOf, widthOf, wrap } from '../../client/view/terminal.ts';

test.each([
  [0, '░░░░', '[....]'],
  [0.25, '█░░░', '[#...]'],
  [0.29, '█▏░░', '[#...]'],
  [0.99, '███▉', '[###.]'],
  [1, '████', '[####]'],
  [7, '████', '[####]'],
  [-1, '░░░░', '[....]'],
])('a bar of %d', (part, blocks, ascii) => {
  expect(bar(part, 4, true)).toBe(blocks);
  expect(bar(part, 6, false)).toBe(ascii);
});

test.each([
  [{ LANG: 'en_GB.UTF-8' }, true],
  [{ LANG: 'C', LC_ALL: 'C.utf8' }, true],
  [{ LANG: 'C.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'C.UTF-8', LC_CTYPE: 'POSIX' }, false],
  [{ LANG: 'C.UTF-8', LC_ALL: '' }, true],
  [{}, false],
])('%o says UTF-8: %s', (env, so) => {
  expect(saysUnicode(env)).toBe(so);
});

test('a line is cut where it is too wide, and the cut is marked', () => {
  expect(cutTo('abcdef', 6, true)).toBe('abcdef');
  expect(cutTo('abcdefg', 6, true)).toBe('abcde…');
  expect(cutTo('abcdefg', 6, false)).toBe('abc...');
  expect(cutTo('日本語日本', 6, true)).toBe('日本…');
});

test('no cut line is wider than there is room', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(50), fc.boolean(), (text, columns, unicode) => {
      expect(widthOf(cutTo(text, columns, unicode))).toBeLessThanOrEqual(columns);
    }),
  );
});

test('text is broken between words, a command so that it can still be copied', () => {
  expect(wrap('  ! one two three', 9, '    ')).toEqual(['  ! one', '    two', '    three']);
  expect(wrap('temporal workflow update --name x', 22, '  ', ' \\')).toEqual([
    'temporal workflow \\',
    '  update --name x',
  ]);
  expect(wrap('short', 80, '  ')).toEqual(['short']);
});

test('where it is shown decides', () => {
  const stream = { isTTY: true, columns: 60, hasColors: () => true } as unknown as NodeJS.WriteStream;
  expect(terminalOf(stream, { LANG: 'C' })).toEqual({ columns: 59, color: true, unicode: false });
  expect(terminalOf({ ...stream, columns: 0 } as NodeJS.WriteStream, {}).columns).toBe(79);
  expect(terminalOf({ ...stream, isTTY: false } as unknown as NodeJS.WriteStream, {})).toEqual({
    columns: Number.POSITIVE_INFINITY,
    color: false,
    unicode: true,
  });
});
