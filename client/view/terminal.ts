/** What a view needs to know of where it is shown. */
export interface Terminal {
  columns: number;
  color: boolean;
  /** Whether it shows more than ASCII. */
  unicode: boolean;
}

export type WatchStream = NodeJS.WritableStream &
  Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors' | 'columns'>>;

const DEFAULT_COLUMNS = 80;

/** What a stream can show now. One that is no terminal takes lines of any length. */
export function terminalOf(stream: WatchStream, env: NodeJS.ProcessEnv = process.env): Terminal {
  if (!stream.isTTY) return { columns: Number.POSITIVE_INFINITY, color: false, unicode: true };
  return {
    // Some terminals go to the next line as soon as the last column is written; some say that they have none.
    columns: (stream.columns || DEFAULT_COLUMNS) - 1,
    color: stream.hasColors?.() ?? false,
    unicode: saysUnicode(env),
  };
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Whether the locale of an environment says UTF-8, by the order in which POSIX looks at it. */
export function saysUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** A bar of `width` columns, a part of it filled. */
export function bar(part: number, width: number, unicode: boolean): string {
  const filled = Math.min(Math.max(part, 0), 1);
  if (!unicode) {
    const inner = width - 2;
    const full = Math.floor(filled * inner);
    return `[${'#'.repeat(full)}${'.'.repeat(inner - full)}]`;
  }
  const eighths = Math.floor(filled * width * 8);
  const drawn = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return drawn + '░'.repeat(width - drawn.length);
}

/** A line cut to `columns`, the cut marked. */
export function cutTo(text: string, columns: number, unicode: boolean): string {
  if (widthOf(text) <= columns) return text;
  const mark = unicode ? '…' : '...';
  let [kept, width] = ['', mark.length];
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) break;
    kept += character;
  }
  return (kept + mark).slice(0, Math.max(columns, 0));
}

/** A text in lines of at most `columns`, broken between words, those after the first indented by `indent`. */
export function wrap(text: string, columns: number, indent: string, join = ''): string[] {
  const lines: string[] = [];
  const [first = '', ...words] = text.trimStart().split(' ');
  let line = text.slice(0, text.length - text.trimStart().length) + first;
  for (const [i, word] of words.entries()) {
    const longer = `${line} ${word}`;
    // The last line needs no room for what joins it to the next.
    if (widthOf(longer) + (i === words.length - 1 ? 0 : join.length) > columns) {
      lines.push(line + join);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Columns that a text takes at most: what may be wide in some terminal counts twice. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    width += code < 0x1100 || (code >= 0x2010 && code < 0x2600) ? 1 : 2;
  }
  return width;
}
