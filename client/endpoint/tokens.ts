/** UTF-8 bytes in one token of this endpoint. It has no vocabulary, so its counts are a rough, stable stand-in for a model's. */
const BYTES_PER_TOKEN = 4;

/** Tokens of a text: its UTF-8 bytes divided by four, rounded up. */
export function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** The longest beginning of a text that has at most `limit` tokens and ends between two characters. */
export function cutTokens(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  let end = limit * BYTES_PER_TOKEN;
  if (end >= bytes.length) return text;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
