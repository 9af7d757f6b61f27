import type { z } from 'zod';
import { suggest } from '../../lake/nearest.ts';
import { keysAt } from './keys.ts';
import { Config } from './schema.ts';

/** A key of the configuration as people write it: `endpoints.default.url`, `roles[0]`. */
export function pathOf(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (sum, part) =>
      typeof part === 'number' ? `${sum}[${part}]` : sum === '' ? String(part) : `${sum}.${String(part)}`,
    '',
  );
  return text === '' ? 'the file' : text;
}

/** What is wrong by the schema, a line each, with the key it is about. */
export function problemsOf(error: z.ZodError): { path: PropertyKey[]; text: string }[] {
  return error.issues.flatMap((issue) => {
    const about = (text: string, path: PropertyKey[] = issue.path) => ({
      path,
      text: `${pathOf(path)}: ${text}`,
    });
    if (issue.code !== 'unrecognized_keys' && issue.input === undefined) return about('is missing');
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) =>
          about(`unknown key${suggest(key, keysAt(Config, issue.path))}`, [...issue.path, key]),
        );
      case 'invalid_type':
        return about(`is ${typeOf(issue.input)}, ${EXPECTED[issue.expected] ?? issue.expected} expected`);
      case 'invalid_value':
        return about(`must be ${issue.values.map((each) => JSON.stringify(each)).join(' or ')}`);
      case 'invalid_key':
        return about(issue.issues[0]?.message ?? issue.message);
      default:
        return about(issue.message);
    }
  });
}

const EXPECTED: Record<string, string> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { object: 'a map', string: 'text' }[typeof value as string] ?? `a ${typeof value}`;
}
