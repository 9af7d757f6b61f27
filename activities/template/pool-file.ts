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
export const MODES = ['classic', 'inverted', 'dialog', 'numbered', 'few-shot', 'next-turn'] as const;
export type Mode = (typeof MODES)[number];
/** Modes that need no second pair. */
const ANY: readonly Mode[] = ['classic', 'inverted', 'dialog'];
const modes = z
  .partialRecord(z.enum(MODES), share)
  .refine((weights) => Object.values(weights).some((weight) => weight > 0), 'gives no mode any weight');
const modesFile = z.strictObject({
  fewestPairsBelow2: modes.refine(
    (weights) => MODES.every((mode) => ANY.includes(mode) || !weights[mode]),
    'numbered, few-shot and next-turn need two pairs',
  ),
  otherwise: modes,
});

/** A file of pools as written: the language of its sentences, and pools by name. */
export interface PoolFile {
  language: string;
  pools: Record<string, WrittenPool>;
}
/** Weights of the modes by the fewest pairs that a text of the chain has; they need not add up to anything. */
export interface ModeWeights {
  fewestPairsBelow2: Partial<Record<Mode, number>>;
  otherwise: Partial<Record<Mode, number>>;
}

/** A file of pools, or what is wrong with its form. */
export function readPoolFile(json: unknown): PoolFile | string[] {
  return read(file, json) as PoolFile | string[];
}

/** The weights of the modes, or what is wrong with their form. */
export function readModes(json: unknown): ModeWeights | string[] {
  return read<ModeWeights>(modesFile, json);
}

function read<T>(schema: z.ZodType<T>, json: unknown): T | string[] {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  return result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}
