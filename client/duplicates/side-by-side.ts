import { printable } from '../../lake/printable.ts';
import { widthOf, wrap } from '../view/terminal.ts';
import { compareTexts, type Line } from './compare.ts';

/** Two columns need so many on the terminal; with fewer, or where there is none, one text follows the other. */
const LEAST = 72;
/** Between the columns: same, changed, on the left alone, on the right alone, as `sdiff` has it. */
const GUTTERS: Record<Line['kind'], string> = { same: ' ', changed: '|', left: '<', right: '>' };

/** Two texts beside each other, what differs marked; no line is wider than `columns`, which is infinite where there is no terminal. */
export function sideBySide(left: string, right: string, columns: number): string[] {
  const lines = compareTexts(left, right);
  return columns < LEAST || columns === Number.POSITIVE_INFINITY
    ? below(lines, columns)
    : beside(lines, columns);
}

function beside(lines: readonly Line[], columns: number): string[] {
  const width = Math.floor((columns - 3) / 2);
  return lines.flatMap((line) => {
    const left = 'left' in line ? folded(line.left, width) : [];
    const right = 'right' in line ? folded(line.right, width) : [];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
      const cell = left[i] ?? '';
      const room = ' '.repeat(Math.max(0, width - widthOf(cell)));
      return `${cell}${room} ${GUTTERS[line.kind]} ${right[i] ?? ''}`.trimEnd();
    });
  });
}

/** As a unified diff: what both have once, else what was kept before what was dropped. */
function below(lines: readonly Line[], columns: number): string[] {
  return lines.flatMap((line) => {
    const said: [mark: string, text: string][] =
      line.kind === 'same'
        ? [[' ', line.left]]
        : [
            ...('left' in line ? [['-', line.left] satisfies [string, string]] : []),
            ...('right' in line ? [['+', line.right] satisfies [string, string]] : []),
          ];
    return said.flatMap(([mark, text]) => folded(text, columns - 2).map((each) => `${mark} ${each}`));
  });
}

/** A text in lines of at most `width`: between words, and through those that are longer. */
function folded(text: string, width: number): string[] {
  const safe = printable(text, '');
  if (width === Number.POSITIVE_INFINITY) return [safe];
  return wrap(safe, width, '').flatMap((line) => chopped(line, Math.max(width, 2)));
}

function chopped(line: string, width: number): string[] {
  const pieces: string[] = [];
  let [piece, taken] = ['', 0];
  for (const character of line) {
    const wide = widthOf(character);
    if (taken + wide > width) {
      pieces.push(piece);
      [piece, taken] = ['', 0];
    }
    piece += character;
    taken += wide;
  }
  return [...pieces, piece];
}
