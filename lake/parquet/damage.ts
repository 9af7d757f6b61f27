import { CorruptParquet, LakeError } from '../errors.ts';
import { type Footer, type RowGroup, reason } from './footer.ts';
import { PageDamage } from './pages.ts';

/** What a failure to read a column means: itself where it is the lake's, else CorruptParquet with row group and rows. */
export function damage(cause: unknown, footer: Footer, group: RowGroup, column: string): LakeError {
  if (cause instanceof PageDamage && cause.cause instanceof LakeError) return cause.cause;
  if (cause instanceof LakeError) return cause;
  const first = group.firstRow + (cause instanceof PageDamage ? cause.firstRow : 0);
  const end = group.firstRow + (cause instanceof PageDamage ? cause.endRow : group.rows);
  return new CorruptParquet(
    `rows ${first} to ${Math.max(first, end - 1)} cannot be decoded: ${reason(cause)}`,
    { bucket: footer.bucket, key: footer.key, rowGroup: group.index, row: first, column },
    { cause },
  );
}
