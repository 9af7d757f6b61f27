import { isSpaceAt } from './words.ts';

/** The lines of a text that are not blank, without the white space at their ends, and its paragraphs. */
export interface Lines {
  lines: string[];
  /** Lines between blank ones, joined by a line feed. */
  paragraphs: string[];
}

/** Lines end at line feeds, carriage returns, or both. */
export function splitLines(text: string): Lines {
  const lines: string[] = [];
  const paragraphs: string[] = [];
  let first = 0;
  function closeParagraph(): void {
    if (lines.length > first) paragraphs.push(lines.slice(first).join('\n'));
    first = lines.length;
  }
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = trimmed(raw);
    if (line === '') closeParagraph();
    else lines.push(line);
  }
  closeParagraph();
  return { lines, paragraphs };
}

/** Without white space at the ends, by our tables. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpaceAt(text, start)) start++;
  while (end > start && isSpaceAt(text, end - 1)) end--;
  return text.slice(start, end);
}
