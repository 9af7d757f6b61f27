import { bytesPerToken, type Dtype } from './dtype.ts';

/** `.ds.index` of datatrove: for each document the number of tokens up to its end, u64 little-endian. */
export function datatroveIndex(lengths: ArrayLike<number>): Uint8Array {
  const ends = new BigUint64Array(lengths.length);
  let end = 0;
  for (let i = 0; i < lengths.length; i++) {
    end += lengths[i] as number;
    ends[i] = BigInt(end);
  }
  return new Uint8Array(ends.buffer);
}

/** `.ds.metadata` of datatrove: tokenizer and bytes of a token, the number of tokens, and that number for people. */
export function datatroveMetadata(tokenizer: string, dtype: Dtype, tokens: number): string {
  const units = ['', ' K', ' M', ' B', ' T'];
  let scaled = tokens;
  let unit = 0;
  for (; scaled >= 1000 && unit + 1 < units.length; unit++) scaled /= 1000;
  return `${tokenizer}|${bytesPerToken(dtype)}\n${tokens}\n${scaled.toFixed(unit === 0 ? 0 : 2)}${units[unit]} tokens`;
}
