import { sha256Bytes } from './hash.ts';

/** A stream of draws. The same (seed, purpose, id) gives the same stream on every machine and in every release. */
export interface RandomStream {
  /** The next 32 bits, unsigned. */
  uint32(): number;
  /** A whole number in [0, n), without bias; n from 1 to 2^32. */
  below(n: number): number;
  /** A number in [0, 1) with 53 bits. */
  unit(): number;
  /** One of `items`, by weight where `weights` is given (same length, not negative, not all zero). */
  pick<T>(items: readonly T[], weights?: readonly number[]): T;
}

/** The key of a stream or a draw: SHA-256 of the JSON array [seed, purpose, id]. */
function keyOf(seed: string, purpose: string, id: string): DataView {
  const bytes = sha256Bytes(JSON.stringify([seed, purpose, id]));
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 64 bits, unsigned: the first eight bytes, big-endian, of SHA-256([seed, purpose, id]). The shuffle and sampling key. */
export function hash64(seed: string, purpose: string, id: string): bigint {
  return keyOf(seed, purpose, id).getBigUint64(0);
}

/** A number in [0, 1): the upper 53 bits of `hash64`. */
export function unitHash(seed: string, purpose: string, id: string): number {
  return Number(hash64(seed, purpose, id) >> 11n) / 2 ** 53;
}

/** Opens the stream of (seed, purpose, id): xoshiro128** (Blackman and Vigna, 2018) keyed by the first 16 bytes of their SHA-256. */
export function openStream(seed: string, purpose: string, id: string): RandomStream {
  const key = keyOf(seed, purpose, id);
  let a = key.getUint32(0);
  let b = key.getUint32(4);
  let c = key.getUint32(8);
  let d = key.getUint32(12);
  if ((a | b | c | d) === 0) d = 1;

  function uint32(): number {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled >>> 0;
  }
  function below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const draw = uint32();
      if (draw < limit) return draw % n;
    }
  }
  function unit(): number {
    return ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;
  }
  function pick<T>(items: readonly T[], weights?: readonly number[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    if (weights === undefined) return items[below(items.length)] as T;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let left = unit() * total;
    for (const [i, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return items[i] as T;
    }
    return items[items.length - 1] as T;
  }
  return { uint32, below, unit, pick };
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
