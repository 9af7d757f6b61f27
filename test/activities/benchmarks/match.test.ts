import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COMMON,
  FIELDS,
  ITEMS_KEPT,
  type Item,
  openIndex,
} from '../../../activities/benchmarks/benchmark-index.ts';
import { matchesIn } from '../../../activities/benchmarks/match.ts';

/** `w1 w2 … wn`, or with other letters in front. */
const words = (n: number, letter = 'w', from = 1): string =>
  Array.from({ length: n }, (_, i) => `${letter}${from + i}`).join(' ');
function indexOf(...values: Item['values'][]) {
  const builder = openIndex(['set']);
  for (const [row, value] of values.entries()) builder.add(0, { object: 0, row, values: value });
  return builder.finish(['eval/a.jsonl']);
}
/** Whether a text matches the only item of a set. */
const matches = (values: Item['values'], text: string, answer?: string): boolean =>
  matchesIn(indexOf(values).index, text, answer).length > 0;

describe('a field matches by its words in order', () => {
  test.each([
    [7, 7, false],
    [8, 8, true],
    [8, 7, false],
    [12, 12, true],
    [12, 11, false],
    [13, 13, true],
    [13, 12, false],
    [14, 13, true],
    [14, 12, false],
    [40, 13, true],
    [40, 12, false],
  ])('%i words, of which a text has %i: %s', (all, had, so) => {
    expect(matches({ question: [words(all)] }, `before ${words(had)} behind`)).toBe(so);
    const last = words(had, 'w', all - had + 1);
    expect(matches({ context: [words(all)] }, `before ${last} behind`)).toBe(so);
    expect(matches({ context: [words(all)] }, last)).toBe(so);
  });
  test('and not with a word between, nor in another order', () => {
    expect(matches({ question: [words(9)] }, 'w1 w2 w3 w4 and w5 w6 w7 w8 w9')).toBe(false);
    expect(matches({ question: [words(9)] }, 'w2 w1 w3 w4 w5 w6 w7 w8 w9')).toBe(false);
  });
  test('what stands between words, and their form, is nothing', () => {
    const question = 'Who — in Ｆｕｌｌ width — wrote “HAMLET”, and\twhen was the ﬁrst?';
    expect(matches({ question: [question] }, 'who in full width wrote hamlet and when was the first')).toBe(
      true,
    );
    expect(
      matches(
        { question: ['cafe\u0301 two three four five six seven eight'] },
        'CAFÉ two three four, five six seven eight!',
      ),
    ).toBe(true);
    expect(matches({ question: ['<QUE> a b c d e f g </END>'] }, 'que a b c d e f g end')).toBe(true);
  });
  test.each([
    ['Chinese', '北京是中华人民共和国的首都城市', '我们知道北京是中华人民共和国的首都城市。'],
    ['Thai', 'กรุงเทพเป็นเมืองหลวงของ', 'รู้ว่า กรุงเทพเป็นเมืองหลวงของไทย'],
    ['beyond the first plane', '𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇', 'x 𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇'],
  ])('characters of scripts without spaces are words: %s', (_, question, text) => {
    expect(matches({ question: [question] }, text)).toBe(true);
    expect(matches({ question: [question] }, text.replace(/[华ม𠀃]/u, ''))).toBe(false);
  });
});

describe('a question of fewer than eight words', () => {
  const values = { question: ['Who wrote Hamlet?'], answer: ['William Shakespeare', 'Shakespeare'] };
  test('matches with one of its answers, anywhere in a document', () => {
    expect(matches(values, 'Q: who wrote HAMLET? A: Shakespeare.')).toBe(true);
    expect(matches(values, 'Shakespeare, of whom one asks: who wrote Hamlet')).toBe(true);
    expect(matches(values, 'who wrote Hamlet?')).toBe(false);
    expect(matches(values, 'Shakespeare')).toBe(false);
    expect(matches(values, 'who wrote Hamlet? Shakespeares')).toBe(false);
  });
  test('and of a pair in its answer', () => {
    expect(matches(values, 'Who wrote Hamlet?', 'It was William Shakespeare.')).toBe(true);
    expect(matches(values, 'Who wrote Hamlet? Shakespeare?', 'Marlowe')).toBe(false);
  });
  test('never without one, and no other short field ever', () => {
    expect(matches({ question: ['Who wrote Hamlet?'] }, 'Who wrote Hamlet?')).toBe(false);
    expect(matches({ question: ['Who wrote Hamlet?'], answer: ['!'] }, 'Who wrote Hamlet?!')).toBe(false);
    for (const field of FIELDS.slice(1)) expect(matches({ [field]: [words(7)] }, words(7))).toBe(false);
    expect(indexOf({ options: ['Yes'], answer: ['Yes'] }).counts).toMatchObject([{ tooShort: 2, values: 0 }]);
  });
});

describe('values', () => {
  test('that several items have are one, with the first items by name', () => {
    const many = Array.from({ length: ITEMS_KEPT + 5 }, () => ({ context: [`${words(20)}!`] }));
    const { index, counts } = indexOf(...many);
    const [match, ...more] = matchesIn(index, `${words(14)} end`);
    expect(more).toEqual([]);
    expect(match).toEqual({ value: 0, grams: 2, words: words(13) });
    expect([index.itemsOf[0], index.firstItem[1], index.gramsOf[0]]).toEqual([ITEMS_KEPT + 5, ITEMS_KEPT, 8]);
    expect(counts).toEqual([{ items: ITEMS_KEPT + 5, values: 1, tooShort: 0, grams: 8, commonGrams: 0 }]);
  });
  test('of one set and field that share more than ten times a gram do not match by it', () => {
    const stem = words(13, 'stem');
    const with_ = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ question: [`${stem} ${words(3, `q${i}x`)}`] }));
    expect(matchesIn(indexOf(...with_(COMMON)).index, stem).length).toBe(COMMON);
    const { index, counts } = indexOf(...with_(COMMON + 1));
    expect(matchesIn(index, stem)).toEqual([]);
    expect(counts[0]?.commonGrams).toBe(1);
    expect(matchesIn(index, `${stem} q3x1`)).toMatchObject([{ value: 3, grams: 1 }]);
  });
});

describe('properties', () => {
  const word = fc.stringMatching(/^[a-zé北ก0-9]{1,6}$/u);
  const text = (min: number, max: number) =>
    fc.array(word, { minLength: min, maxLength: max }).map((some) => some.join(' '));
  test('a planted gram is found whatever stands around it', () => {
    fc.assert(
      fc.property(
        text(13, 40),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (value, before, behind) => {
          expect(matches({ context: [value] }, `${before} | ${value} | ${behind}`)).toBe(true);
        },
      ),
    );
  });
  test('all values that a brute search finds are found, and no other', () => {
    const few = fc.constantFrom('a', 'b', 'c');
    const some = (min: number, max: number) => fc.array(few, { minLength: min, maxLength: max });
    fc.assert(
      fc.property(fc.array(some(1, 16), { minLength: 1, maxLength: 10 }), some(0, 60), (values, of) => {
        const { index } = indexOf(...values.map((value) => ({ context: [value.join(' ')] })));
        const here = ` ${of.join(' ')} `;
        const expected = new Set(
          values
            .filter((value) => {
              const n = Math.min(13, value.length);
              return (
                n >= 8 &&
                value.some(
                  (_, i) => i + n <= value.length && here.includes(` ${value.slice(i, i + n).join(' ')} `),
                )
              );
            })
            .map((value) => value.join(' ')),
        );
        const found = matchesIn(index, here).flatMap(({ value }) => {
          const row = index.itemRow[index.firstItem[value] as number] as number;
          return [(values[row] as string[]).join(' ')];
        });
        expect(new Set(found)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
  test('texts that share runs of seven words alone never match', () => {
    const seven = (letter: string) => words(7, letter);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('p', 'q', 'r'), { minLength: 2, maxLength: 6 }), (parts) => {
        const value = parts.map((part, i) => `${seven(part)} only${i}`).join(' ');
        const other = parts.map((part, i) => `${seven(part)} elsewhere${i}`).join(' ');
        expect(matches({ question: [value] }, other)).toBe(false);
      }),
    );
  });
});
