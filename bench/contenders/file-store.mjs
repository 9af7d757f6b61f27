import { open, stat } from 'node:fs/promises';

/** What of an object store reading needs, over one local file that stays open. */
export async function fileStore(path) {
  const file = await open(path);
  const { size } = await stat(path);
  const source = { key: path, etag: '', size };
  const store = {
    bucket: 'local',
    async get(_key, { range: [start, end] = [0, size] } = {}) {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    },
  };
  return { store, source, close: () => file.close() };
}
