import { z } from 'zod';
import { SHARD_FORMATS, type ShardFormat } from '../../workflows/contract.ts';

/** Formats whose usual readers do not look at a mask. */
const BLIND: readonly ShardFormat[] = ['megatron', 'datatrove'];

const keys = z.strictObject({
  formats: z.array(z.enum(SHARD_FORMATS)).min(1).max(SHARD_FORMATS.length).exactOptional(),
  format: z.enum(SHARD_FORMATS).exactOptional(),
  bytes: z
    .int()
    .min(1024)
    .max(4 * 2 ** 30)
    .default(2 ** 30),
  pack: z.enum(['concat', 'bestfit']).default('concat'),
  layout: z.enum(['mixed', 'perSource']).default('mixed'),
  mask: z.boolean().default(false),
  ignoreMask: z.boolean().default(false),
});
export const SHARD_KEYS = keys.shape;

/** What shards are made of: `format` becomes `formats`, each once and in a fixed order. */
export const shardSchema = keys
  .superRefine(({ formats, format, mask, ignoreMask }, { addIssue }) => {
    if (formats !== undefined && format !== undefined) addIssue('takes formats or format, not both');
    const blind = (formats ?? [format ?? 'megatron']).filter((each) => BLIND.includes(each));
    if (mask && !ignoreMask && blind.length > 0) {
      addIssue(
        `mask: trainers of ${blind.join(', ')} do not look at one; say ignoreMask: true if that is known`,
      );
    }
  })
  .transform(({ formats, format, ...rest }) => {
    const wanted = formats ?? [format ?? 'megatron'];
    return { ...rest, formats: SHARD_FORMATS.filter((each) => wanted.includes(each)) };
  });
