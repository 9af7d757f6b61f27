import { expect, test } from 'vitest';
import { showOptions } from '../../../activities/template/options.ts';
import { parsePattern } from '../../../activities/template/pattern.ts';
import { openStream } from '../../../lake/random.ts';

function show(marker: string, n: number, correct: number, start = '', between = '\n') {
  const options = Array.from({ length: n }, (_, i) => `o${i}`);
  const style = { start, marker: parsePattern(marker), between };
  return showOptions(options, correct, options[correct] ?? '', style, openStream('s', 'test', 'c'));
}
const markers = (text: string) => text.split('\n').map((line) => line.split(' ')[0]);

test('markers count, and the answer is the marker of the right option', () => {
  const { text, answer } = show('({lower})', 3, 2, 'Options:');
  expect(text).toBe('Options:\n(a) o0\n(b) o2\n(c) o1');
  expect(answer).toBe('(b)');
});

test('bullets leave the answer as it is', () => {
  expect(show('-', 3, 2, '', ';\n')).toEqual({ text: '- o0;\n- o2;\n- o1', answer: 'o2' });
});

test('every counter, also beyond the alphabet', () => {
  expect(markers(show('{upper}.', 3, 0).text)).toEqual(['A.', 'B.', 'C.']);
  expect(markers(show('{lower}', 54, 0).text).slice(24)).toEqual(
    'y z aa ab ac ad ae af ag ah ai aj ak al am an ao ap aq ar as at au av aw ax ay az ba bb'.split(' '),
  );
  expect(markers(show('{number})', 11, 0).text).slice(8)).toEqual(['9)', '10)', '11)']);
  expect(markers(show('[{lower-roman}]', 14, 0).text).slice(3)).toEqual(
    '[iv] [v] [vi] [vii] [viii] [ix] [x] [xi] [xii] [xiii] [xiv]'.split(' '),
  );
  expect(markers(show('{upper-roman}', 99, 0).text).filter((_, i) => [39, 43, 89, 98].includes(i))).toEqual([
    'XL',
    'XLIV',
    'XC',
    'XCIX',
  ]);
});
