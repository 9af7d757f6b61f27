/**
 * Text of others (corpus, servers) made harmless for a terminal or a table: control characters other than those in `keep`,
 * and the marks that turn the direction of writing, become visible as `\x1b` or `\u202e`.
 */
export function printable(text: string, keep = '\n\t'): string {
  let safe = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isControl(code) || keep.includes(text[i] ?? '')) continue;
    const hex = code.toString(16);
    safe +=
      text.slice(from, i) + (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`);
    from = i + 1;
  }
  return safe + text.slice(from);
}

/** C0, DEL and C1 controls; bidirectional marks, embeddings, overrides and isolates. */
function isControl(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  return (
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}
