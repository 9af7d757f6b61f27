import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { BadPrompts } from '../../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../../lake/hash.ts';
import { PROMPTS, type PromptName } from '../../../workflows/contract.ts';
import { type Fields, shapeOf, USES } from './chat-schema.ts';
import { CLOSE, OPEN } from './chat-text.ts';

/** A way to ask for pairs: what stands in its file of the library. */
export interface Prompt {
  name: PromptName;
  /** What is to be written, in words. */
  task: string;
  fields: Fields;
  /** Pairs wanted at most, and the tokens that one takes, about. */
  pairs: number;
  tokens: number;
}
export interface PromptLibrary {
  /** The prompts of these names, in the library's order. */
  prompts(names: readonly PromptName[]): Prompt[];
  /** The system message by which a prompt asks for pairs that have room in `newTokens`. */
  system(prompt: Prompt, newTokens: number): string;
  /** What is said with a text whose first answer could not be read. */
  again: string;
  /** SHA-256 that changes with every word of these prompts and of what is around them: for a run's pins. */
  digest(names: readonly PromptName[]): string;
}

const PLACES = ['open', 'close', 'task', 'shape', 'pairs'] as const;
const use = z.enum(USES).default('never');
const Header = z.strictObject({
  pairs: z.int().min(1).max(50),
  tokens: z.int().min(10).max(2000),
  options: use,
  rationale: use,
});

/** Checks a library and makes it ready. `files`: contents by name without `.md`. Throws BadPrompts with every problem found. */
export function loadLibrary(files: Readonly<Record<string, string>>): PromptLibrary {
  const problems: string[] = [];
  const frame = files.frame ?? '';
  for (const place of PLACES) {
    if (!frame.includes(`{${place}}`)) problems.push(`frame.md: {${place}} is missing`);
  }
  if ((files.again ?? '').trim() === '') problems.push('again.md: is empty or missing');
  const library = new Map<PromptName, Prompt>();
  for (const name of PROMPTS) {
    const prompt = readPrompt(name, files[name]);
    if (Array.isArray(prompt)) problems.push(...prompt.map((problem) => `${name}.md: ${problem}`));
    else library.set(name, prompt);
  }
  if (problems.length > 0) {
    throw new BadPrompts(`the prompt library cannot be used:\n${problems.map((p) => `- ${p}`).join('\n')}`);
  }
  const chosen = (names: readonly PromptName[]): Prompt[] =>
    [...library.values()].filter(({ name }) => names.includes(name));
  return {
    prompts: chosen,
    system(prompt, newTokens) {
      const pairs = Math.max(1, Math.min(prompt.pairs, Math.floor(newTokens / prompt.tokens)));
      const filled: Record<(typeof PLACES)[number], string> = {
        open: OPEN,
        close: CLOSE,
        task: prompt.task,
        shape: shapeOf(prompt.fields),
        pairs: String(pairs),
      };
      return frame
        .trim()
        .replace(/\{(open|close|task|shape|pairs)\}/g, (_, place: keyof typeof filled) => filled[place]);
    },
    again: (files.again ?? '').trim(),
    digest: (names) =>
      sha256(
        canonicalJson({
          frame,
          again: files.again,
          prompts: Object.fromEntries(chosen(names).map(({ name }) => [name, files[name]])),
        }),
      ),
  };
}

/** A prompt's file: a header in YAML between two lines of `---`, and the task in words. Or what is wrong with it. */
function readPrompt(name: PromptName, file: string | undefined): Prompt | string[] {
  const [, head, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(file ?? '') ?? [];
  if (head === undefined || body === undefined)
    return ['is missing, or has no header between two lines of ---'];
  const header = Header.safeParse(parse(head));
  const task = body.trim();
  if (!header.success) {
    return header.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  }
  if (task === '') return ['says nothing after its header'];
  const { pairs, tokens, options, rationale } = header.data;
  return { name, task, pairs, tokens, fields: { options, rationale } };
}

let own: PromptLibrary | undefined;

/** The library that comes with the program, read and checked on first use. */
export function ownLibrary(): PromptLibrary {
  own ??= loadLibrary(
    Object.fromEntries(
      ['frame', 'again', ...PROMPTS].map((name) => [
        name,
        readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8'),
      ]),
    ),
  );
  return own;
}
