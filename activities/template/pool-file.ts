import { z } from 'zod';
import type { WrittenPool } from './grammar.ts';

const weight = z.number().positive();
const choice = z
  .object({ weight })
  .catchall(z.string())
  .transform(({ weight, ...values }) => ({ weight, values: values as Record<string, string> }));
const slot = z.strictObject({
  casing: z
    .strictObject({ written: weight.optional(), upper: weight.optional(), lower: weight.optional() })
    .refine((casing) => Object.keys(casing).length > 0, 'names no casing')
    .default({ written: 1 }),
  choices: z.array(choice).min(1),
});
const pool = z.strictObject({
  slots: z.record(z.string(), slot).default({}),
  entries: z.array(z.strictObject({ weight, text: z.string() })).min(1),
});
const file = z.strictObject({ language: z.string().min(2), pools: z.record(z.string(), pool) });

const share = z.number().nonnegative();
const modes = z
  .strictObject({ classic: share, dialog: share })
  .refine(({ classic, dialog }) => classic + dialog > 0, 'gives no mode any weight');
const modesFile = z.strictObject({ fewestPairsBelow2: modes, otherwise: modes });

/** A file of pools as written: the language of its sentences, and pools by name. */
export interface PoolFile {
  language: string;
  pools: Record<string, WrittenPool>;
}
export type Mode = 'classic' | 'dialog';
/** Weights of the modes by the fewest pairs that a text of the chain has; they need not add up to anything. */
export interface ModeWeights {
  fewestPairsBelow2: Record<Mode, number>;
  otherwise: Record<Mode, number>;
}

/** A file of pools, or what is wrong with its form. */
export function readPoolFile(json: unknown): PoolFile | string[] {
  return read(file, json) as PoolFile | string[];
}

/** The weights of the modes, or what is wrong with their form. */
export function readModes(json: unknown): ModeWeights | string[] {
  return read(modesFile, json);
}

function read<T>(schema: z.ZodType<T>, json: unknown): T | string[] {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  return result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}
