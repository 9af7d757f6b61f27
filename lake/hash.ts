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
 * JSON with sorted keys and without white space (RFC 8785 for the values we use). Keys whose value is `undefined`
 * are left out. Throws on numbers that JSON cannot hold.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key];
      return member === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(member)}`];
    });
  return `{${members.join(',')}}`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
