/** What the first bytes of something that is not Parquet look like, for a message: "an XML document (…)". */
export function sniff(head: Uint8Array): string | undefined {
  const known = SIGNATURES.find(([signature]) => signature.every((byte, i) => head[i] === byte));
  if (known !== undefined) return known[1];
  const start = Buffer.from(head.subarray(0, 120))
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  const excerpt = JSON.stringify(start.replace(/[^\x20-\x7e]+/g, ' '));
  if (/^<(!doctype html|html)/i.test(start)) return `an HTML page (${excerpt})`;
  if (/^<(\?xml|Error|[A-Za-z])/.test(start)) return `an XML document (${excerpt})`;
  if (/^[{[]/.test(start)) return 'JSON';
  return undefined;
}

const SIGNATURES: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], 'a gzip file'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a zstd file'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip file'],
  [[0x4f, 0x52, 0x43], 'an ORC file'],
  [[0x4f, 0x62, 0x6a, 0x01], 'an Avro file'],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow file'],
];
