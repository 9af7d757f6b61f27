/** The names by edit distance from `name` (ignoring ASCII case), nearest first; ties keep their order. */
export function byNearness(name: string, names: readonly string[]): string[] {
  return names
    .map((candidate) => ({ candidate, distance: editDistance(lower(name), lower(candidate)) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate);
}

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}

/** Levenshtein distance in UTF-16 code units, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}

/** ` (did you mean "x"?)` for the known name nearest to `name`, or the list of what there is when none is near. */
export function suggest(name: string, known: readonly string[]): string {
  const [near] = byNearness(name, known);
  if (near === undefined) return ' (none is defined)';
  return isNear(name, near) ? ` (did you mean "${near}"?)` : ` (known: ${known.join(', ')})`;
}

/** The same with everything there is: `did you mean "x"? It defines a, x`, for whoever cannot look it up. */
export function suggestOf(name: string, known: readonly string[]): string {
  const [near] = byNearness(name, known);
  if (near === undefined) return 'it defines none';
  const all = `defines ${known.map((each) => JSON.stringify(each)).join(', ')}`;
  return isNear(name, near) ? `did you mean ${JSON.stringify(near)}? It ${all}` : `it ${all}`;
}

const isNear = (name: string, near: string): boolean =>
  editDistance(lower(name), lower(near)) <= Math.max(2, Math.floor(near.length / 2));
