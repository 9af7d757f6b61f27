/**
 * A text as one word of a command line that people paste into a shell (bash, zsh, ksh). Plain ones stay as they are; control
 * characters and the marks that turn the direction of writing are spelled out, so that they do nothing to the terminal.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+:,./-]+$/.test(text)) return text;
  if (!UNSEEN.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text
    .replace(/[\\']/g, '\\$&')
    .replace(new RegExp(UNSEEN, 'gu'), (character) =>
      [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
    );
  return `$'${escaped}'`;
}

/** Controls, line and paragraph separators, and what only formats: bidirectional marks, joiners, tags. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
