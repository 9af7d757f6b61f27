import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BadImport, LakeError } from '../../lake/errors.ts';
import { decodeUtf8Strict } from '../../lake/parquet/cells.ts';

export interface Line {
  /** From 1. */
  number: number;
  text: string;
}

/** A line beyond this is not a record but a file without line breaks. */
const LINE_BYTES = 256 * 2 ** 20;
const NEWLINE = 0x0a;

/** The lines of a UTF-8 file that are not blank, some at a time. Throws BadImport with file and line. */
export async function* linesOf(path: string, gzipped: boolean): AsyncGenerator<Line[]> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const gunzip = gzipped ? createGunzip() : undefined;
  if (gunzip !== undefined) file.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
  const bytes: Readable = gunzip ?? file;
  let number = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const decode = (line: Uint8Array): Line => {
    number += 1;
    const text = decodeUtf8Strict(line);
    if (text === undefined) throw new BadImport(`${path}, line ${number}: the bytes are not UTF-8`);
    return { number, text: number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text };
  };
  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      const lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        lines.push(
          decode(
            held.length === 0
              ? chunk.subarray(start, end)
              : Buffer.concat([...held, chunk.subarray(start, end)]),
          ),
        );
        held = [];
        heldBytes = 0;
        start = end + 1;
      }
      if (start < chunk.length) {
        held.push(chunk.subarray(start));
        heldBytes += chunk.length - start;
        if (heldBytes > LINE_BYTES) {
          throw new BadImport(
            `${path}, line ${number + 1}: longer than ${LINE_BYTES} bytes; is this one record per line?`,
          );
        }
      }
      const filled = lines.filter(({ text }) => text.trim() !== '');
      if (filled.length > 0) yield filled;
    }
    if (heldBytes > 0) {
      const last = decode(Buffer.concat(held));
      if (last.text.trim() !== '') yield [last];
    }
  } catch (cause) {
    if (cause instanceof LakeError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadImport(`${path}: it cannot be ${gzipped ? 'unpacked' : 'read'}: ${why}`, {}, { cause });
  } finally {
    file.destroy();
    gunzip?.destroy();
  }
}
