/** A token that text may spell as it is, whatever the model would make of it. */
export interface Spelled {
  id: number;
  bytes: Uint8Array;
}

/** Finds the first token at `at` or behind it that begins before `end` and ends there at last: the longest of those at one place. */
export interface Finder {
  find(bytes: Uint8Array, at: number, end: number): boolean;
  /** Where the found token begins, and which it is. */
  at: number;
  token: Spelled | undefined;
}

export function openFinder(tokens: readonly Spelled[]): Finder {
  const byFirst: (Spelled[] | undefined)[] = Array.from({ length: 256 });
  for (const token of [...tokens].sort((a, b) => b.bytes.length - a.bytes.length)) {
    const first = token.bytes[0];
    if (first === undefined) continue;
    byFirst[first] = [...(byFirst[first] ?? []), token];
  }
  const finder: Finder = {
    at: 0,
    token: undefined,
    find(bytes, from, end) {
      for (let at = from; at < end; at++) {
        const candidates = byFirst[bytes[at] as number];
        if (candidates === undefined) continue;
        const token = candidates.find((each) => stands(each.bytes, bytes, at, end));
        if (token === undefined) continue;
        finder.at = at;
        finder.token = token;
        return true;
      }
      return false;
    },
  };
  return finder;
}

function stands(wanted: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (at + wanted.length > end) return false;
  for (let i = 1; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
