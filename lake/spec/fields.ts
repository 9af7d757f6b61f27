import { z } from 'zod';

/** A name of something that a worker's configuration or a spec names. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a name ([A-Za-z0-9._-], 64 at most)');
/** A key prefix of the lake. */
export const prefix = z
  .string()
  .regex(
    /^(?!\/)(?!.*\/\/)(?!(?:.*\/)?\.\.?(?:\/|$))[^\s\\]+\/$/,
    'is not a key prefix such as "raw/biomed/"',
  )
  .max(900);
/** A column of a Parquet file. */
export const column = z.string().min(1).max(200);
/** A share of a whole. */
export const part = z.number().min(0).max(1);
/** How texts stand in chains: texts of one, and the share of the slots that is converted. */
export const chains = { rounds: z.int().min(1).max(32).default(3), share: part.default(1) };

const DURATION = /^([1-9]\d{0,5})([smhd])$/;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_TIMEOUT_MS = 30 * 86_400_000;
/** A duration as specs write it. */
export const duration = z
  .string()
  .regex(DURATION, 'is not a duration such as "30m", "6h" or "2d"')
  .refine((text) => !(milliseconds(text) > MAX_TIMEOUT_MS), 'is more than 30 days');

/** Milliseconds of a duration of the spec. */
export function milliseconds(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1000;
}
