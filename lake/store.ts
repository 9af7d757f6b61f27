/** The port behind which the object store stands. Keys are relative to one bucket; bytes are whole or ranged. */
export interface ObjectStore {
  readonly bucket: string;
  /** Size in bytes and ETag, or undefined when there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /**
   * The bytes of an object, or of `range` = [start, end) of it. With `ifMatch` the object must still have that ETag.
   * Throws InputChanged when it does not, or when the object is gone.
   */
  get(key: string, options?: { range?: readonly [number, number]; ifMatch?: string }): Promise<Uint8Array>;
  /** The bytes of an object, or undefined when there is none. */
  find(key: string): Promise<Uint8Array | undefined>;
  /** Writes an object. With `ifNoneMatch` answers 'exists' (and writes nothing) when the key is taken. */
  put(key: string, body: Uint8Array | string, options?: PutOptions): Promise<'written' | 'exists'>;
  /** Writes an object of unknown length in parts of bounded memory; resolves once it is complete. */
  write(key: string, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Objects under a prefix, in the server's order, which need not be that of their keys: see `listInOrder`. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Uploads in parts under a prefix that have begun and are not complete; nobody else sees anything of them. */
  uploads(prefix: string): AsyncIterable<UnfinishedUpload>;
  /** Takes objects away; those that are not there are no failure. */
  delete(keys: readonly string[]): Promise<void>;
  /** Gives an unfinished upload up; what was sent of it goes. */
  abort(upload: Pick<UnfinishedUpload, 'key' | 'id'>): Promise<void>;
}

/** What reading one object needs. */
export type ReadStore = Pick<ObjectStore, 'bucket' | 'get'>;

export interface PutOptions {
  ifNoneMatch?: boolean;
  contentType?: string;
}
export interface ObjectInfo {
  size: number;
  /** Without quotes; empty when the store has none for this object. */
  etag: string;
}
export interface UnfinishedUpload {
  key: string;
  id: string;
  /** When it began, milliseconds since 1970. */
  begun: number;
}
export interface ListedObject extends ObjectInfo {
  key: string;
  /** Last modification, milliseconds since 1970. */
  modified: number;
}
