import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderInstruction } from '../../../activities/template/instructions.ts';
import { someText } from './chains.ts';

test('question, one space, response', () => {
  expect(renderInstruction({ question: 'Nenne ein Maß.', answer: 'Meter' })).toEqual({
    text: 'Nenne ein Maß. Meter',
    spans: [
      { kind: 'question', start: 0, end: 15 },
      { kind: 'answer', start: 16, end: 21 },
    ],
  });
});

test('any text comes through unchanged', () => {
  fc.assert(
    fc.property(someText, someText, (question, answer) => {
      const { text, spans } = renderInstruction({ question, answer });
      expect(text).toBe(`${question} ${answer}`);
      const parts = spans.map(({ start, end }) => Buffer.from(text).subarray(start, end).toString());
      expect(parts).toEqual([question, answer]);
    }),
  );
});
