import { combiningClasses, composites, decompositions } from './tables.ts';

/** Hangul (The Unicode Standard, section 3.12): syllable = S + (l × 21 + v) × 28 + t. */
const S = 0xac00;
const L = 0x1100;
const V = 0x1161;
const T = 0x11a7;
const L_COUNT = 19;
const V_COUNT = 21;
const T_COUNT = 28;
const S_COUNT = L_COUNT * V_COUNT * T_COUNT;

const PAIR = 0x110000;
const pairs = new Map<number, number>();
const seconds = new Set<number>();
for (const [composite, [first = 0, second = 0]] of composites) {
  pairs.set(first * PAIR + second, composite);
  seconds.add(second);
}

function classOf(code: number): number {
  return combiningClasses.get(code)?.[0] ?? 0;
}

/** The composite of two code points, or undefined. */
function composeTwo(first: number, second: number): number | undefined {
  const l = first - L;
  const v = second - V;
  if (l >= 0 && l < L_COUNT && v >= 0 && v < V_COUNT) return S + (l * V_COUNT + v) * T_COUNT;
  const s = first - S;
  const t = second - T;
  if (s >= 0 && s < S_COUNT && s % T_COUNT === 0 && t > 0 && t < T_COUNT) return first + t;
  return pairs.get(first * PAIR + second);
}

/** Whether a code point can be the second of a composite. */
export function joinsBackward(code: number): boolean {
  return seconds.has(code) || (code >= V && code < V + V_COUNT) || (code > T && code < T + T_COUNT);
}

/** Decomposes (Hangul syllables stay whole: composing sees them as L and V) and puts marks in canonical order. */
function decompose(codes: readonly number[]): number[] {
  const out: number[] = [];
  for (const code of codes) {
    const parts = decompositions.get(code);
    if (parts === undefined) out.push(code);
    else out.push(...parts);
  }
  for (let i = 0; i < out.length; ) {
    let end = i;
    while (end < out.length && classOf(out[end] as number) !== 0) end++;
    if (end - i > 1) {
      const marks = out.slice(i, end).sort((a, b) => classOf(a) - classOf(b));
      for (const [k, mark] of marks.entries()) out[i + k] = mark;
    }
    i = end + 1;
  }
  return out;
}

/** NFKC of whole segments, as code points: decompose, order, compose. */
export function composeSegment(codes: readonly number[]): number[] {
  const out: number[] = [];
  let starter = -1;
  let lastClass = 0;
  for (const code of decompose(codes)) {
    const own = classOf(code);
    const adjacent = starter === out.length - 1;
    if (starter >= 0 && (adjacent || lastClass < own)) {
      const composite = composeTwo(out[starter] as number, code);
      if (composite !== undefined) {
        out[starter] = composite;
        continue;
      }
    }
    if (own === 0) starter = out.length;
    lastClass = own;
    out.push(code);
  }
  return out;
}

/** Whether the code point may change, or change what stands before it, under NFKC. All others are safe places to cut. */
export function needsWork(code: number): boolean {
  if (classOf(code) !== 0 || joinsBackward(code)) return true;
  const parts = decompositions.get(code);
  if (parts === undefined) return false;
  if (joinsBackward(parts[0] ?? 0)) return true;
  const composed = composeSegment([code]);
  return composed.length !== 1 || composed[0] !== code;
}
