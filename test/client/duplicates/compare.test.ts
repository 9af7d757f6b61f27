import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { align } from '../../../client/duplicates/align.ts';
import { compareTexts, sentencesOf, wordsOf } from '../../../client/duplicates/compare.ts';
import { sideBySide } from '../../../client/duplicates/side-by-side.ts';
import { widthOf } from '../../../client/view/terminal.ts';

describe('texts compared', () => {
  test('by sentence: what both have, what differs in words, what one has alone', () => {
    const left = 'Fabry disease is rare. It is inherited.\nAsk a doctor. Call us.';
    const right = 'Farber disease is rare. Ask   a DOCTOR. Nothing else helps at all. Call us.';
    expect(compareTexts(left, right)).toEqual([
      { kind: 'changed', left: '[-Fabry-] disease is rare.', right: '{+Farber+} disease is rare.' },
      { kind: 'left', left: 'It is inherited.' },
      { kind: 'same', left: 'Ask a doctor.', right: 'Ask a DOCTOR.' },
      { kind: 'right', right: 'Nothing else helps at all.' },
      { kind: 'same', left: 'Call us.', right: 'Call us.' },
    ]);
  });
  test('words that follow each other stand in one mark; those of scripts without spaces are characters', () => {
    expect(compareTexts('one two three four five six', 'one 2 3 four five six')[0]).toEqual({
      kind: 'changed',
      left: 'one [-two three-] four five six',
      right: 'one {+2 3+} four five six',
    });
    expect(compareTexts('東京は日本の首都', '京都は日本の首都')[0]).toEqual({
      kind: 'changed',
      left: '[-東-]京は日本の首都',
      right: '京{+都+}は日本の首都',
    });
    expect(wordsOf('ab 東京cd')).toEqual(['ab', '東', '京', 'cd']);
  });
  test('each side is whole and in order, whatever the texts', () => {
    const texts = fc
      .array(fc.constantFrom('A b c. ', 'A b d. ', 'X!\n', 'y z ', '東京。', '[-a-] '), { maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, texts, (left, right) => {
        const lines = compareTexts(left, right);
        const bare = (text: string): string => text.replace(/\[-|-\]|\{\+|\+\}/g, '');
        expect(lines.flatMap((line) => ('left' in line ? [bare(line.left)] : []))).toEqual(
          sentencesOf(left).map(bare),
        );
        expect(lines.flatMap((line) => ('right' in line ? [bare(line.right)] : []))).toEqual(
          sentencesOf(right).map(bare),
        );
        if (left === right) expect(lines.every(({ kind }) => kind === 'same')).toBe(true);
      }),
    );
  });
});

test('an alignment is the longest common subsequence', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
  fc.assert(
    fc.property(letters, letters, (a, b) => {
      const steps = align(a.length, b.length, (i, j) => (a[i] === b[j] ? 1 : 0));
      const common = steps.flatMap(([i, j]) => (i !== undefined && j !== undefined ? [[a[i], b[j]]] : []));
      for (const [one, other] of common) expect(one).toBe(other);
      expect(steps.flatMap(([i]) => (i === undefined ? [] : [i]))).toEqual([...a].map((_, i) => i));
      expect(steps.flatMap(([, j]) => (j === undefined ? [] : [j]))).toEqual([...b].map((_, j) => j));
      const longest = (i: number, j: number): number =>
        i === a.length || j === b.length
          ? 0
          : a[i] === b[j]
            ? 1 + longest(i + 1, j + 1)
            : Math.max(longest(i + 1, j), longest(i, j + 1));
      expect(common.length).toBe(longest(0, 0));
    }),
    { numRuns: 60 },
  );
  // Beyond the largest table the sides follow each other.
  expect(align(3000, 3000, () => 1)).toHaveLength(6000);
});

describe('side by side', () => {
  const left = 'Fabry disease is rare. It is inherited. Ask a doctor.';
  const right = 'Farber disease is rare. Ask a doctor. Call.';
  test('in two columns on a terminal', () => {
    expect(sideBySide(left, right, 73)).toEqual([
      '[-Fabry-] disease is rare.          | {+Farber+} disease is rare.',
      'It is inherited.                    <',
      'Ask a doctor.                         Ask a doctor.',
      '                                    > Call.',
    ]);
  });
  test('one below the other on a narrow one, and where there is none', () => {
    const lines = [
      '- [-Fabry-] disease is rare.',
      '+ {+Farber+} disease is rare.',
      '- It is inherited.',
      '  Ask a doctor.',
      '+ Call.',
    ];
    expect(sideBySide(left, right, 60)).toEqual(lines);
    expect(sideBySide(left, right, Number.POSITIVE_INFINITY)).toEqual(lines);
    expect(sideBySide(left, left, 12)).toEqual([
      '  Fabry',
      '  disease is',
      '  rare.',
      '  It is',
      '  inherited.',
      '  Ask a',
      '  doctor.',
    ]);
  });
  test('no line is wider than the terminal, and none has control characters, whatever the texts', () => {
    const hostile = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            '\u001b[31m',
            '\u202e',
            '\u009b',
            'word '.repeat(20),
            'x'.repeat(90),
            '東京。',
            '. ',
            '\n',
            '\r',
            '🙂',
          ),
          fc.string({ unit: 'binary', maxLength: 20 }),
        ),
        { maxLength: 10 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(hostile, hostile, fc.integer({ min: 20, max: 120 }), (one, other, columns) => {
        for (const line of sideBySide(one, other, columns)) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        }
      }),
    );
  });
});
