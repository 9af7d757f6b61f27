/**
 * The letter that stands for each byte in the vocabulary of a byte-level tokenizer (GPT-2's `bytes_to_unicode`): printable
 * bytes of Latin-1 stand for themselves, the others for letters from U+0100 on, in order.
 */
export const BYTE_LETTERS: readonly string[] = letters();

function letters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}
