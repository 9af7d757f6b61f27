import { createHash } from 'node:crypto';

/** SHA-256 of bytes or of a string's UTF-8, as 64 lower-case hex digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of bytes or of a string's UTF-8, as 32 bytes. */
export function sha256Bytes(data: Uint8Array | string): Uint8Array {
  return createHash('sha256').update(data).digest();
}

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * JSON with sorted keys and without white space (RFC 8785 for the values we use). Keys whose value is `undefined` are
 * left out. Throws TypeError on what JSON has no form for.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) break;
      return JSON.stringify(value);
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
      const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
      return `{${members.join(',')}}`;
    }
  }
  throw new TypeError(`${String(value)} has no JSON form`);
}
