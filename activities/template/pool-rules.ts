import { expand, namesOf, slotProblems, type WrittenPool } from './grammar.ts';
import { COUNTERS, namesIn, type Placeholder } from './pattern.ts';

/**
 * What the texts of a pool are: a `pattern` around data; a `line` that may be empty; a `break` between two things; a
 * `list-break` between options; a `marker` in front of an option; two `marks` in front of a question and of its answer.
 */
type Form = 'pattern' | 'line' | 'break' | 'list-break' | 'marker' | 'marks';
interface Rule {
  form: Form;
  /** Placeholders that every wording holds exactly once; of a marker's at most one. */
  data: readonly Placeholder[];
}

const line: Rule = { form: 'line', data: [] };
const gap: Rule = { form: 'break', data: [] };
const pattern = (...data: Placeholder[]): Rule => ({ form: 'pattern', data });

/** Every pool that rendering draws from. */
export const RULES = {
  plain: pattern('question', 'answer'),
  option: pattern('question', 'options', 'answer'),
  cot: pattern('question', 'rationale', 'answer'),
  'option-cot': pattern('question', 'options', 'rationale', 'answer'),
  'read-start': pattern('context'),
  'read-end': line,
  'compre-start': line,
  'dialog-header': line,
  'dialog-exchange': pattern('ask', 'reply'),
  'dialog-ask': pattern('question', 'options'),
  'dialog-reply': pattern('rationale', 'answer'),
  'qa-start': line,
  'qa-end': line,
  'text-start': pattern('context'),
  'numbered-questions': line,
  'numbered-answers': line,
  numbered: { form: 'marks', data: ['number'] },
  'few-shot-header': line,
  'few-shot-task': line,
  'next-turn-header': line,
  'next-turn': pattern('ask', 'reply'),
  'option-start': line,
  'option-marker': { form: 'marker', data: COUNTERS },
  'between-options': { form: 'list-break', data: [] },
  'after-context': gap,
  'after-heading': gap,
  'between-pairs': gap,
  'between-items': gap,
  'between-exchanges': gap,
  'between-examples': gap,
} as const satisfies Record<string, Rule>;
export type PoolName = keyof typeof RULES;
export const POOL_NAMES = Object.keys(RULES) as PoolName[];

/** Words in a sentence at most. */
const LONGEST_SENTENCE = 15;

/** What is wrong with a pool, one sentence each that names pool and entry. */
export function poolProblems(name: PoolName, pool: WrittenPool): string[] {
  const rule: Rule = RULES[name];
  const problems = new Set(slotProblems(pool, rule.data).map((problem) => `pool "${name}": ${problem}`));
  const of = (entry: number) =>
    `pool "${name}", entry ${entry + 1} (${JSON.stringify(pool.entries[entry]?.text)})`;
  for (const [entry, { text }] of pool.entries.entries()) {
    for (const problem of nameProblems(text, pool, rule)) problems.add(`${of(entry)} ${problem}`);
  }
  if (problems.size > 0) return [...problems];
  const seen = new Map<string, number>();
  for (const { entry, text } of expand(pool)) {
    for (const problem of textProblems(text, rule)) problems.add(`${of(entry)} ${problem}`);
    const twin = seen.get(text);
    if (twin !== undefined)
      problems.add(`${of(entry)} gives ${JSON.stringify(text)}, as entry ${twin + 1} does`);
    seen.set(text, entry);
  }
  return [...problems];
}

function nameProblems(text: string, pool: WrittenPool, { form, data }: Rule): string[] {
  const problems: string[] = [];
  const names = namesIn(text);
  const groups = Object.values(pool.slots).map(namesOf);
  for (const name of new Set(names)) {
    const times = names.filter((other) => other === name).length;
    if (data.includes(name as Placeholder)) {
      if (times > (form === 'marks' ? 2 : 1)) problems.push(`has {${name}} ${times} times`);
    } else if (!groups.some((group) => group.includes(name))) {
      problems.push(`has the unknown placeholder {${name}}`);
    }
  }
  for (const group of groups) {
    const missing = group.filter((name) => !names.includes(name));
    if (missing.length > 0 && missing.length < group.length) {
      problems.push(`leaves out {${missing.join('}, {')}} of a slot of which it uses another name`);
    }
  }
  if (form === 'marker') {
    if (names.filter((name) => data.includes(name as Placeholder)).length > 1) problems.push('counts twice');
  } else if (form === 'marks') {
    if (!/^[^\n]*\{number\}[^\n]*\n[^\n]*\{number\}[^\n]*$/.test(text)) {
      problems.push('must be two lines with a {number} each');
    }
  } else {
    for (const name of data) if (!names.includes(name)) problems.push(`loses {${name}}`);
  }
  return problems;
}

const FORMS: Record<Form, { test: RegExp; say: string }> = {
  pattern: { test: /^\S(.*\S)?$/s, say: 'must not begin or end with white space' },
  line: { test: /^(\S(.*\S)?)?$/s, say: 'must not begin or end with white space' },
  break: { test: /^\n(.*\n)?$/s, say: 'must begin and end with a line break' },
  'list-break': { test: /^[;,.]?\n+$/, say: 'must be line breaks, after a punctuation mark at most' },
  marker: { test: /^\S+$/, say: 'must be one word' },
  marks: { test: /^\S(.*\S)?\n\S(.*\S)?$/, say: 'must not begin or end with white space' },
};

/** Looks at a wording whose slots are bound. */
function textProblems(text: string, { form, data }: Rule): string[] {
  const problems: string[] = [];
  if (!FORMS[form].test.test(text)) problems.push(FORMS[form].say);
  const literal = data.reduce((left, name) => left.replaceAll(`{${name}}`, ''), text);
  if (/[{}]/.test(literal)) problems.push('has a brace that belongs to no placeholder');
  // `<` begins the markers of the synthesizer's protocol, which no document may hold by our doing.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[<\u0000-\u0009\u000b-\u001f\u007f]/.test(literal)) problems.push('has "<" or a control character');
  if (form === 'pattern' && data.some((name) => !standsFree(text, name))) {
    problems.push('must have white space or its border on both sides of every placeholder');
  }
  for (const sentence of literal.split(/\n|(?<=[.?!]) /)) {
    const words = sentence.split(/\s/).filter((word) => word !== '').length;
    if (words > LONGEST_SENTENCE)
      problems.push(`has a sentence of ${words} words (at most ${LONGEST_SENTENCE})`);
  }
  return problems;
}

/** Data must touch no letter or mark of ours: it could be read, or tokenized, as part of it. */
function standsFree(text: string, name: string): boolean {
  const [before = '', after = ''] = text.split(`{${name}}`);
  return /^$|\s$/.test(before) && /^$|^\s/.test(after);
}
