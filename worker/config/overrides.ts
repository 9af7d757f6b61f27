import { parse } from 'yaml';
import { z } from 'zod';
import { byNearness, suggest } from '../../lake/nearest.ts';
import { bare, isByName, schemaAt } from './keys.ts';
import { Config } from './schema.ts';

/** What a variable of the environment puts into the configuration. */
export interface Override {
  variable: string;
  path: string[];
}

/** Variables that begin with this are keys of the configuration: none of our others has two underscores. */
const PREFIX = 'INSTRUCT_LAKE__';

/** The variable that overrides a key: `endpoints.default.apiKeyEnv` is INSTRUCT_LAKE__ENDPOINTS__DEFAULT__API_KEY_ENV. */
export const variableOf = (path: readonly string[]): string => PREFIX + path.map(segmentOf).join('__');

/** A key in capitals: words apart by one underscore, and whatever is no letter or digit (names may have it) an underscore too. */
function segmentOf(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/_$/, '')
    .toUpperCase();
}

/** The variables that override keys (of one part, where it is named), those of maps before those of what is in them. An empty one counts as none. */
export function overridesOf(env: NodeJS.ProcessEnv, part?: string): string[] {
  const start = part === undefined ? PREFIX : variableOf([part]);
  return Object.keys(env)
    .filter((each) => each.startsWith(start) && env[each] !== '')
    .sort((a, b) => a.split('__').length - b.split('__').length || (a < b ? -1 : 1));
}

/**
 * Puts the variables of the environment over what stands in the file: a key that is text gets the variable as it is, any other one what it
 * says as YAML. Gives the whole, what came from where, and what is wrong: variables that are no key, or not YAML.
 */
export function withOverrides(
  file: unknown,
  env: NodeJS.ProcessEnv,
): { value: unknown; overrides: Override[]; problems: string[] } {
  const variables = overridesOf(env);
  const overrides: Override[] = [];
  const problems: string[] = [];
  if (variables.length === 0 || (file !== null && !isMap(file))) return { value: file, overrides, problems };
  const value = structuredClone(file ?? {}) as Record<string, unknown>;
  for (const variable of variables) {
    const found = pathOf(variable, value);
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    try {
      put(value, found.path, read(env[variable] ?? '', found.schema));
      overrides.push({ variable, path: found.path });
    } catch {
      // What it says may be a secret in the wrong place: it is not shown.
      problems.push(`${variable}: is not YAML`);
    }
  }
  return { value, overrides, problems };
}

/** The key that a variable is about, by the schema and by the names that are there. */
function pathOf(
  variable: string,
  value: Record<string, unknown>,
): { path: string[]; schema: z.core.$ZodType } | { problem: string } {
  const path: string[] = [];
  let schema: z.core.$ZodType = Config;
  for (const segment of variable.slice(PREFIX.length).split('__')) {
    const inner = bare(schema);
    const keys =
      inner instanceof z.ZodObject
        ? Object.keys(inner.shape)
        : isByName(inner)
          ? Object.keys((at(value, path) as object | undefined) ?? {})
          : [];
    const meant = keys.filter((key) => segmentOf(key) === segment);
    if (meant.length > 1) return { problem: `${variable}: may mean ${meant.join(' or ')}` };
    // A name that is not there yet is a new one.
    const key =
      meant[0] ?? (isByName(inner) && /^[A-Z0-9]/.test(segment) ? segment.toLowerCase() : undefined);
    const next = key === undefined ? undefined : schemaAt(schema, [key]);
    if (key === undefined || next === undefined) {
      const known = keys.length === 0 ? [variableOf(path)] : keys.map((each) => variableOf([...path, each]));
      return { problem: `${variable}: is no key of the configuration${suggestVariable(variable, known)}` };
    }
    path.push(key);
    schema = next;
  }
  return { path, schema };
}

function suggestVariable(variable: string, known: readonly string[]): string {
  const [near] = byNearness(variable, known);
  return near === undefined ? suggest(variable, known) : ` (the nearest is ${near})`;
}

function read(text: string, schema: z.core.$ZodType): unknown {
  const inner = bare(schema);
  return inner instanceof z.ZodString || inner instanceof z.ZodURL || inner instanceof z.ZodEnum
    ? text
    : parse(text);
}

function put(value: Record<string, unknown>, path: readonly string[], what: unknown): void {
  let map = value;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(map, key) && isMap(map[key]) ? map[key] : {};
    map[key] = next;
    map = next;
  }
  map[path.at(-1) ?? ''] = what;
}

/** What stands at a path; undefined where nothing does. */
export function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (each, key) => (isMap(each) && Object.hasOwn(each, key) ? each[key] : undefined),
    value,
  );
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
