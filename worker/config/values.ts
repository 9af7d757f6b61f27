import { z } from 'zod';
import { bare, isByName } from './keys.ts';
import { at } from './overrides.ts';
import type { ParsedConfig } from './parse.ts';
import { Config } from './schema.ts';
import { isSet, secretsOf } from './secrets.ts';

/** A value that is in effect, and who said so. */
export interface Value {
  path: string[];
  value: unknown;
  from: 'file' | 'environment' | 'default';
  /** The variable that overrides it. */
  variable?: string;
  /** Variables with secrets that it names, and whether they are set. */
  secrets?: Record<string, boolean>;
}

const HIDDEN = '***';

/** Every value of a configuration in the order of its schema. No secret is among them: a job's environment may hold some, so it is hidden. */
export function valuesOf({ config, said, overrides }: ParsedConfig, env: NodeJS.ProcessEnv): Value[] {
  const secrets = secretsOf(config);
  function valueAt(path: string[], value: unknown): Value {
    const begins = (whole: readonly string[], start: readonly string[]): boolean =>
      start.every((key, i) => whole[i] === key);
    const override = overrides.findLast((each) => begins(path, each.path));
    const named = secrets.filter((each) => begins(each.path, path)).map(({ variable }) => variable);
    return {
      path,
      value: path[0] === 'launchers' && path[2] === 'env' ? hidden(value as object) : value,
      ...(at(said, path) === undefined
        ? { from: 'default' }
        : override === undefined
          ? { from: 'file' }
          : { from: 'environment', variable: override.variable }),
      ...(named.length > 0 && { secrets: Object.fromEntries(named.map((each) => [each, isSet(each, env)])) }),
    };
  }
  function walk(schema: z.core.$ZodType, path: string[], value: unknown): Value[] {
    const inner = bare(schema);
    const map = value as Record<string, unknown>;
    const next: [string, z.core.$ZodType][] =
      inner instanceof z.ZodObject
        ? Object.entries(inner.shape as Record<string, z.core.$ZodType>).filter(([key]) =>
            Object.hasOwn(map, key),
          )
        : isByName(inner)
          ? Object.keys(map).map((key) => [key, inner.valueType])
          : [];
    if (next.length === 0) return [valueAt(path, value)];
    return next.flatMap(([key, each]) => walk(each, [...path, key], map[key]));
  }
  return walk(Config, [], config);
}

const hidden = (env: object): object => Object.fromEntries(Object.keys(env).map((name) => [name, HIDDEN]));
