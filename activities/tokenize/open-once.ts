/**
 * Keeps what was opened for as long as the thread lives: loading a tokenizer takes longer than many a partition. What failed
 * to open is opened anew when it is next asked for.
 */
export function openOnce<T>(): (key: string, open: () => Promise<T>) => Promise<T> {
  const opened = new Map<string, Promise<T>>();
  return (key, open) => {
    const known = opened.get(key);
    if (known !== undefined) return known;
    const opening = open();
    opened.set(key, opening);
    opening.catch(() => opened.delete(key));
    return opening;
  };
}
