import { z } from 'zod';
import { bare, isByName } from './keys.ts';
import { aligned, inline, remarked } from './render.ts';
import { Config } from './schema.ts';

/** The name that stands for any name. */
const NAME = 'default';

/**
 * Every key of the worker's configuration as YAML: its sentence, and its default or, where it has none, an example. What may be left out
 * stands after a `#` without a space: take that away to set it.
 */
export const reference = (): string => aligned(keys(Config));

/** The keys of an object, each as lines. */
function keys(object: z.ZodObject): string[] {
  return Object.entries(object.shape as Record<string, z.core.$ZodType>).flatMap(([key, schema]) => {
    const inner = bare(schema);
    const lines = below(inner);
    const { description = '', examples = [] } = z.globalRegistry.get(schema as z.ZodType) ?? {};
    const byDefault = defaultOf(schema);
    const optional = byDefault !== undefined || schema instanceof z.ZodExactOptional;
    const own =
      lines !== undefined
        ? [`${key}:`, ...lines.map((line) => `  ${line}`)]
        : byDefault !== undefined
          ? [remarked(`${key}: ${inline(byDefault)}`, 'default')]
          : [remarked(`${key}: ${inline((examples as unknown[])[0])}`, optional ? 'example' : 'required')];
    const commented = optional && !isByName(inner);
    return [`# ${description}`, ...own.map((line) => (commented ? outcommented(line) : line))];
  });
}

/** What stands below a key: the keys of its map, or one name with the keys of its map. */
function below(schema: z.core.$ZodType): string[] | undefined {
  if (schema instanceof z.ZodObject) return keys(schema);
  if (!isByName(schema)) return undefined;
  const each = bare(schema.valueType as z.core.$ZodType);
  return each instanceof z.ZodObject ? [`${NAME}:`, ...keys(each).map((line) => `  ${line}`)] : undefined;
}

/** A `#` before its key, unless there is one. */
const outcommented = (line: string): string => line.replace(/^( *)(?=[^ #])/, '$1#');

const defaultOf = (schema: z.core.$ZodType): unknown =>
  schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
