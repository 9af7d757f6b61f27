/** Who waits for a turn. */
export interface Waiting {
  /** Who came first: a lower line goes before a higher one. */
  readonly line: number;
  /** When it began to wait, milliseconds of any clock. */
  readonly since: number;
  /** Whether it had a turn before, and goes before those of its line that had none. */
  readonly again: boolean;
}

interface Line<T> {
  number: number;
  again: Set<T>;
  fresh: Set<T>;
}

/** Those who wait, by line and in each in the order in which they came. All of it costs the number of lines at most. */
export interface Queue<T extends Waiting> extends Iterable<T> {
  readonly size: number;
  add(entry: T): void;
  remove(entry: T): void;
  /** The first ones of the oldest line, `count` at most. */
  oldest(count: number): T[];
  /** The one that has waited longest, of whatever line. */
  longest(): T | undefined;
}

export function openQueue<T extends Waiting>(): Queue<T> {
  /** None of them empty, the oldest first. */
  const lines: Line<T>[] = [];
  let size = 0;

  function lineOf(number: number): Line<T> {
    let at = lines.length;
    while (at > 0 && (lines[at - 1]?.number ?? 0) >= number) at--;
    const found = lines[at];
    if (found?.number === number) return found;
    const line: Line<T> = { number, again: new Set(), fresh: new Set() };
    lines.splice(at, 0, line);
    return line;
  }
  function* all(): Iterator<T> {
    for (const { again, fresh } of lines) {
      yield* again;
      yield* fresh;
    }
  }
  return {
    get size() {
      return size;
    },
    add(entry) {
      const { again, fresh } = lineOf(entry.line);
      (entry.again ? again : fresh).add(entry);
      size++;
    },
    remove(entry) {
      const at = lines.findIndex(({ number }) => number === entry.line);
      const line = lines[at];
      if (line === undefined || !(line.again.delete(entry) || line.fresh.delete(entry))) return;
      size--;
      if (line.again.size + line.fresh.size === 0) lines.splice(at, 1);
    },
    oldest(count) {
      const found: T[] = [];
      const [line] = lines;
      for (const part of line === undefined ? [] : [line.again, line.fresh]) {
        for (const entry of part) {
          if (found.length === count) return found;
          found.push(entry);
        }
      }
      return found;
    },
    longest() {
      let found: T | undefined;
      for (const { again, fresh } of lines) {
        for (const part of [again, fresh]) {
          for (const entry of part) {
            if (found === undefined || entry.since < found.since) found = entry;
            break;
          }
        }
      }
      return found;
    },
    [Symbol.iterator]: all,
  };
}
