import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../../lake/printable.ts';

const TAIL_BYTES = 128 * 1024;
const MAX_LINES = 20;
const MAX_CHARS = 500;

/** The last 20 lines of a log that say something, made fit to be shown and stored; none when there is no log. */
export async function lastLines(path: string, secrets: readonly string[] = []): Promise<string[]> {
  return tailLines(await tail(path), secrets);
}

/**
 * Lines as a terminal would show them: of a line redrawn with carriage returns only the last drawing, no colours,
 * control characters made visible, 500 UTF-16 units at most, secrets masked.
 */
export function tailLines(text: string, secrets: readonly string[] = []): string[] {
  return text
    .split('\n')
    .map((line) => shown(mask(lastDrawing(line), secrets)))
    .filter((line) => line !== '')
    .slice(-MAX_LINES);
}

function lastDrawing(line: string): string {
  return line.split('\r').findLast((part) => part.trim() !== '') ?? '';
}

function mask(line: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), line);
}

/** Colours go; any other control character, and what turns the direction of writing, becomes visible. */
function shown(line: string): string {
  let cut = '';
  for (const char of printable(stripVTControlCharacters(line).replaceAll('\t', ' '), '')) {
    if (cut.length + char.length > MAX_CHARS) break;
    // Half a character is one that a cut went through.
    if (!/\p{Surrogate}/u.test(char)) cut += char;
  }
  return cut.trimEnd();
}

/**
 * The numbers of the last report in `metrics.jsonl` (an object of numbers per line); members that are no numbers
 * are left out, a line that is only half written is passed over. Undefined when there is none.
 */
export async function lastMetrics(path: string): Promise<Record<string, number> | undefined> {
  for (const line of (await tail(path)).split('\n').reverse()) {
    const metrics = numbersOf(line);
    if (metrics !== undefined) return metrics;
  }
  return undefined;
}

function numbersOf(line: string): Record<string, number> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

/** The last bytes of a file as text, from the beginning of a line where there is one; empty when it cannot be read. */
async function tail(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      const text = buffer.toString('utf8', 0, bytesRead);
      const cut = from === 0 ? -1 : text.indexOf('\n');
      return cut >= 0 && cut < text.length - 1 ? text.slice(cut + 1) : text;
    } finally {
      await file.close();
    }
  } catch {
    return ''; // what a trainer printed or reported is told when it can be, and never stops the watching
  }
}
