/** Colours of a terminal by SGR code, on a dark ground. */
const STYLES: Readonly<Record<string, string>> = {
  '1': 'font-weight:bold',
  '2': 'opacity:.55',
  '31': 'color:#f07178',
  '32': 'color:#9ece6a',
  '33': 'color:#e5c07b',
  '36': 'color:#7dcfff',
};
const ESC = String.fromCharCode(27);
const COLOUR = new RegExp(`(${ESC}\\[[\\d;]*m)`);
/** Where the cursor goes, and what is cleared: of no matter to a frame by itself. */
const MOVES = new RegExp(`${ESC}\\[[\\d;?]*[A-HJKhl]`, 'g');
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A page that looks like a terminal on which a command has drawn this frame. */
export function terminalPage(frame: string, command: string): string {
  let open = 0;
  const body = frame
    .replace(MOVES, '')
    .replaceAll('\r', '')
    .split(COLOUR)
    .map((part) => {
      if (!COLOUR.test(part)) return escaped(part);
      const style = STYLES[part.slice(2, -1)];
      if (style !== undefined) {
        open++;
        return `<span style="${style}">`;
      }
      // What ends bold and colour: 22, 39, 0.
      if (open === 0) return '';
      open--;
      return '</span>';
    })
    .join('');
  return `<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:#1a1b26}
pre{margin:0;padding:18px 22px;display:inline-block;background:#1a1b26;color:#c0caf5;font:14px/1.45 "DejaVu Sans Mono","Liberation Mono",monospace}
</style><pre><span style="color:#7dcfff">$</span> ${escaped(command)}\n${body}${'</span>'.repeat(open)}</pre>`;
}
