/** The same numbers in more room: twice as much where nothing is said. */
export function longer(values: Uint32Array, length?: number): Uint32Array<ArrayBuffer>;
export function longer(values: Int32Array, length?: number): Int32Array<ArrayBuffer>;
export function longer(
  values: Uint32Array | Int32Array,
  length = values.length * 2,
): Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const more = values instanceof Uint32Array ? new Uint32Array(length) : new Int32Array(length);
  more.set(values);
  return more;
}
