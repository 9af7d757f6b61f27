import { expect, test } from 'vitest';
import { outsideContexts } from '../../../activities/publish/verify-marks.ts';

test('what is outside of contexts is all that is not raw text, letters of several bytes included', () => {
  const text = 'Reád: <CON> wörd </CON>\nQ: é?\n<ANS> x';
  const start = Buffer.byteLength('Reád: ');
  const end = start + Buffer.byteLength('<CON> wörd </CON>');
  const spans = [
    { kind: 'context' as const, start, end },
    { kind: 'question' as const, start: end + 4, end: end + 7 },
  ];
  expect(outsideContexts(text, spans)).toBe('Reád: \n\nQ: é?\n<ANS> x');
  expect(outsideContexts('a', [])).toBe('a');
});
