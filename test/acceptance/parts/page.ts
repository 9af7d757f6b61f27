import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { must, ROOT } from '../lib.ts';

const COLUMNS = 130;

/** What a command was, and what it printed. */
export interface Printed {
  command: readonly string[];
  text: string;
}
/** A page of the documentation in which blocks are marked as `<!-- printed: NAME -->`: what stands in them was printed by a script. */
export interface Page {
  /** What is to stand in a block; `shorten` leaves out what a reader does not need, for the page and for the comparison alike. */
  block(name: string, shown: readonly Printed[], shorten?: (text: string) => string): void;
  /** Writes all blocks into the page (with `--write`), or looks whether they have the shape of what was printed now. */
  close(): void;
}

const BLOCK = /<!-- printed: (\S+) -->\n```[a-z]*\n(.*?)```\n/gs;

/** Opens a page of docs/. `hide` are texts that belong to this machine. */
export function openPage(file: string, hide: readonly string[]): Page {
  const path = join(ROOT, 'docs', file);
  const page = readFileSync(path, 'utf8');
  const marked = [...page.matchAll(BLOCK)].map(([, name = '']) => name);
  const blocks = new Map<string, string>();
  const tidied = (text: string): string =>
    [...hide, ROOT.replace(/\/$/, '')]
      .reduce((sum, each) => sum.replaceAll(each, '…'), text)
      .replace(new RegExp(`\\b\\d+@${hostname()}\\b`, 'g'), '4711@host')
      .replaceAll(hostname(), 'host')
      .replace(/[ \t]+$/gm, '')
      .replace(/^\n+/, '')
      .trimEnd();
  return {
    block(name, shown, shorten = (text) => text) {
      if (!marked.includes(name)) throw new Error(`docs/${file} has no block for what "${name}" prints`);
      blocks.set(
        name,
        shown
          .map(({ command, text }) => `$ ${commandLine(command)}\n${shorten(tidied(text))}`.trim())
          .join('\n'),
      );
    },
    close() {
      const without = marked.filter((name) => !blocks.has(name));
      must(without.length === 0, `every block of docs/${file} was printed now${named(without)}`);
      const written = page.replace(
        BLOCK,
        (_, name: string) => `<!-- printed: ${name} -->\n\`\`\`\n${blocks.get(name)}\n\`\`\`\n`,
      );
      if (process.argv.includes('--write')) {
        writeFileSync(path, written);
        return;
      }
      const changed = [...page.matchAll(BLOCK)].filter(
        ([, name = '', text = '']) => shapeOf(text) !== shapeOf(blocks.get(name) ?? ''),
      );
      for (const [, name = '', text = ''] of changed) {
        console.log(
          `--- ${name}, on the page:\n${shapeOf(text)}\n--- now:\n${shapeOf(blocks.get(name) ?? '')}`,
        );
      }
      must(
        changed.length === 0,
        `docs/${file} shows what ${marked.length} commands print, numbers and times aside${named(changed.map(([, name = '']) => name))}`,
      );
    },
  };
}

const named = (names: readonly string[]): string =>
  names.length === 0 ? '' : `; not so: ${names.join(', ')}`;

/** Without the counts of a run, which say the same as `metadata`. */
export const withoutCounts = (text: string): string => text.replace(/"counts":\{[^}]*\}/g, '"counts":{…}');
/** Without the stacks of failures. */
export const withoutStack = (text: string): string => text.replace(/\n *StackTrace:\n(.*?)(?=\n\S)/gs, '');

/** What of a text is the same each time: ids, hashes, numbers and times are not, nor how wide columns are. */
export function shapeOf(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '#')
    .replace(/\b[0-9a-f]{12,}\b/g, '#')
    .replace(/\b(an?|a few|\d+) (second|minute|hour)s? ago\b|\bnow\b/g, '#')
    .replace(/\b\d+(\.\d+)?(ms|s|m|h)\b/g, '#')
    .replace(/\d+(\.\d+)?/g, '#')
    .replace(/#([TZ:-]+#)+Z?|(#,)+#/g, '#')
    .replace(/-{3,}/g, '---')
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim();
}

/** A command as people type it, broken before its options where it is long. */
function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`));
  const lines = [''];
  for (const [i, word] of quoted.entries()) {
    const value = word.startsWith('--') && !quoted[i + 1]?.startsWith('--') ? (quoted[i + 1] ?? '') : '';
    if ((lines.at(-1) ?? '').length + word.length + value.length > COLUMNS && word.startsWith('--'))
      lines.push('   ');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines.join(' \\\n');
}
