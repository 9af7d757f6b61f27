import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InputChanged } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';
import type { ListedObject, ObjectInfo, ObjectStore } from '../../lake/store.ts';

export interface DirectoryStore extends ObjectStore {
  /** Every get so far: what was asked for and how many bytes came. */
  readonly gets: { key: string; range: readonly [number, number] | undefined; bytes: number }[];
  remove(): Promise<void>;
}

/** An object store over a new temporary directory; an object's ETag is the SHA-256 of its bytes. For unit tests. */
export async function directoryStore(): Promise<DirectoryStore> {
  const root = await mkdtemp(join(tmpdir(), 'lake-'));
  const unfinished = await mkdtemp(join(tmpdir(), 'lake-puts-'));
  let puts = 0;
  const bucket = 'test';
  const gets: DirectoryStore['gets'] = [];
  const pathOf = (key: string): string => join(root, key);

  async function find(key: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(pathOf(key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
  async function head(key: string): Promise<ObjectInfo | undefined> {
    const bytes = await find(key);
    return bytes && { size: bytes.length, etag: sha256(bytes) };
  }
  async function get(
    key: string,
    options: { range?: readonly [number, number]; ifMatch?: string } = {},
  ): Promise<Uint8Array> {
    const whole = await find(key);
    if (whole === undefined) throw new InputChanged('the object is gone', { bucket, key });
    if (options.ifMatch !== undefined && options.ifMatch !== sha256(whole)) {
      throw new InputChanged('the object has another ETag', { bucket, key });
    }
    const bytes = options.range === undefined ? whole : whole.subarray(...options.range);
    gets.push({ key, range: options.range, bytes: bytes.length });
    return bytes;
  }
  async function put(
    key: string,
    body: Uint8Array | string,
    options: { ifNoneMatch?: boolean } = {},
  ): Promise<'written' | 'exists'> {
    await mkdir(dirname(pathOf(key)), { recursive: true });
    // Nobody sees a part of it, as with a real store.
    const whole = join(unfinished, String(puts++));
    await writeFile(whole, body);
    try {
      if (!options.ifNoneMatch) await rename(whole, pathOf(key));
      else await link(whole, pathOf(key));
      return 'written';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'exists';
      throw error;
    }
  }
  async function write(key: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(new Uint8Array(chunk));
    await put(key, Buffer.concat(chunks));
  }
  async function* list(prefix: string): AsyncGenerator<ListedObject> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const keys = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const key of keys) {
      const info = await head(key);
      if (info !== undefined) yield { key, ...info, modified: (await stat(pathOf(key))).mtimeMs };
    }
  }
  return {
    bucket,
    gets,
    head,
    get,
    find,
    put,
    write,
    list,
    async *uploads() {},
    delete: async (keys) => {
      for (const key of keys) await rm(pathOf(key), { force: true });
    },
    async abort() {},
    async remove() {
      for (const folder of [root, unfinished]) await rm(folder, { recursive: true, force: true });
    },
  };
}
