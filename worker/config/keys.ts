import { z } from 'zod';

/** What a schema is about, without what makes it optional or gives it a default. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional
    ? bare(schema.unwrap())
    : schema;
}

/** The schema of what stands at a path, through objects, maps by name and lists; undefined where there can be nothing. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner = bare(schema);
  const next =
    inner instanceof z.ZodObject
      ? (inner.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[key]
      : inner instanceof z.ZodRecord
        ? inner.valueType
        : inner instanceof z.ZodArray
          ? inner.element
          : undefined;
  return next === undefined ? undefined : schemaAt(next, rest);
}

/** The keys that may stand at a path. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const found = schemaAt(schema, path);
  const inner = found === undefined ? undefined : bare(found);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** A map whose values are maps of keys: endpoints, tokenizers, launchers. Others (headers) are values as a whole. */
export const isByName = (schema: z.core.$ZodType): schema is z.ZodRecord =>
  schema instanceof z.ZodRecord && bare(schema.valueType) instanceof z.ZodObject;
