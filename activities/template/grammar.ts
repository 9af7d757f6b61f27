import { bind, namesIn } from './pattern.ts';

/**
 * A pool as it is written: entries are layouts, and slots hold what varies inside them (labels, delimiters, openings).
 * A choice of a slot binds one or more names; an entry that uses a name of a slot uses all of them.
 */
export interface WrittenPool {
  slots: Record<string, Slot>;
  entries: { weight: number; text: string }[];
}
export interface Slot {
  /** How often the values stand as written, in capitals, or in small letters. */
  casing: Partial<Record<Casing, number>>;
  choices: Choice[];
}
export interface Choice {
  weight: number;
  values: Record<string, string>;
}
export type Casing = 'written' | 'upper' | 'lower';

/** One wording that a pool can give, the entry it comes from, and its share of the draws, up to a common factor. */
export interface Wording {
  entry: number;
  text: string;
  weight: number;
}

/** Every wording of a pool: each entry times the choices of the slots it uses, with placeholders of data left in. */
export function expand(pool: WrittenPool): Wording[] {
  const slots = Object.values(pool.slots).map((slot) => ({ names: namesOf(slot), choices: variants(slot) }));
  return pool.entries.flatMap(({ weight, text }, entry) => {
    const used = new Set(namesIn(text));
    let wordings: Wording[] = [{ entry, text, weight }];
    for (const { names, choices } of slots) {
      if (!names.some((name) => used.has(name))) continue;
      wordings = wordings.flatMap((wording) =>
        choices.map((choice) => ({
          entry,
          text: bind(wording.text, choice.values),
          weight: wording.weight * choice.weight,
        })),
      );
    }
    return wordings;
  });
}

/** The names that the choices of a slot bind; those of the first choice (`slotProblems` sees that all agree). */
export function namesOf(slot: Slot): string[] {
  return Object.keys(slot.choices[0]?.values ?? {});
}

/** The choices of a slot in each casing, with weights that add up to 1; a casing that changes nothing merges into the first. */
function variants(slot: Slot): Choice[] {
  const casings = Object.entries(slot.casing) as [Casing, number][];
  const casingTotal = sum(casings.map(([, weight]) => weight));
  const total = sum(slot.choices.map(({ weight }) => weight));
  return slot.choices.flatMap(({ weight, values }) => {
    const merged = new Map<string, Choice>();
    for (const [casing, share] of casings) {
      const cased = Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, inCase(value, casing)]),
      );
      const key = JSON.stringify(Object.values(cased));
      const before = merged.get(key)?.weight ?? 0;
      merged.set(key, { values: cased, weight: before + (weight / total) * (share / casingTotal) });
    }
    return [...merged.values()];
  });
}

/** Changes the case of the letters A to Z alone: the same on every machine. */
function inCase(text: string, casing: Casing): string {
  if (casing === 'written') return text;
  return casing === 'upper'
    ? text.replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 32))
    : text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}

/** What is wrong with the slots of a pool, one sentence each; `data` are the names that stand for data. */
export function slotProblems(pool: WrittenPool, data: readonly string[]): string[] {
  const problems: string[] = [];
  const owner = new Map<string, string>();
  for (const [slotName, slot] of Object.entries(pool.slots)) {
    const names = namesOf(slot);
    if (names.length === 0) problems.push(`slot "${slotName}" binds no name`);
    for (const [i, choice] of slot.choices.entries()) {
      if (Object.keys(choice.values).sort().join() !== [...names].sort().join()) {
        problems.push(`choice ${i + 1} of slot "${slotName}" binds other names than the first`);
      }
      for (const value of Object.values(choice.values)) {
        if (/[{}]/.test(value))
          problems.push(`choice ${i + 1} of slot "${slotName}" has a brace in ${JSON.stringify(value)}`);
      }
    }
    for (const name of names) {
      if (data.includes(name)) problems.push(`slot "${slotName}" binds {${name}}, which stands for data`);
      const other = owner.get(name);
      if (other !== undefined) problems.push(`slots "${other}" and "${slotName}" both bind {${name}}`);
      owner.set(name, slotName);
    }
    if (!pool.entries.some(({ text }) => names.some((name) => namesIn(text).includes(name)))) {
      problems.push(`slot "${slotName}" is used by no entry`);
    }
  }
  return problems;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
