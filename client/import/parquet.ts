import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { BadImport, CorruptParquet } from '../../lake/errors.ts';
import { type Footer, footerFrom } from '../../lake/parquet/footer.ts';

/** The footer of a local Parquet file. Throws BadImport naming the file. */
export async function inspectParquet(path: string): Promise<Pick<Footer, 'rows' | 'size'>> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new BadImport(`${path}: it cannot be opened`, {}, { cause });
  });
  try {
    const { size } = await file.stat();
    const read = async (start: number, end: number): Promise<Uint8Array> => {
      const buffer = new Uint8Array(end - start);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
      return buffer.subarray(0, bytesRead);
    };
    return await footerFrom(read, size, {});
  } catch (cause) {
    if (!(cause instanceof CorruptParquet)) throw cause;
    throw new BadImport(`${path}: ${cause.message}`, {}, { cause });
  } finally {
    await file.close();
  }
}

/** The bytes of a file that had `size` bytes when its footer was read. Throws BadImport when it has others now. */
export async function* fileBytes(path: string, size: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes !== size) throw new BadImport(`${path}: it changed while it was read`);
}
