/** 1234567 → `1,234,567`, whatever the locale. */
export function thousands(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A count with its word, which is given in the plural: `1 text prompted`, `2,000 texts prompted`. */
export function counted(value: number, plural: string): string {
  return `${thousands(value)} ${value === 1 ? plural.replace(/^(\w+)s\b/, '$1') : plural}`;
}

/** A rounded number of bytes in decimal units: 1500 → `1.5 kB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let amount = value;
  let unit = 0;
  // 999.95 would be shown as 1000.0.
  while (amount >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** A span of milliseconds for people: `12 s`, `3 min 05 s`, `2 h 03 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A rate with what is counted: `1,234 texts/s`, `2.5 partitions/s`; slow ones by the minute or the hour. */
export function rate(perSecond: number, what: string): string {
  const [value, unit] =
    perSecond >= 1
      ? [perSecond, 's']
      : perSecond * 60 >= 1
        ? [perSecond * 60, 'min']
        : [perSecond * 3600, 'h'];
  const shown = value >= 9.95 ? thousands(value) : value.toFixed(1);
  return `${shown} ${what}/${unit}`;
}

/** A guess of milliseconds, no more exact than it is: `about 40 s`, `about 3 min`, `about 2 h 10 min`. */
export function about(ms: number): string {
  const seconds = Math.max(ms / 1000, 1);
  if (seconds < 57.5) return `about ${seconds < 10 ? Math.round(seconds) : Math.round(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes} min`;
  const tens = Math.round(minutes / 10);
  if (tens < 24 * 6)
    return `about ${Math.floor(tens / 6)} h${tens % 6 === 0 ? '' : ` ${(tens % 6) * 10} min`}`;
  return `about ${thousands(tens / 6 / 24)} days`.replace('about 1 days', 'about 1 day');
}

/** A figure of a training job, to four significant digits. */
export function figure(value: number): string {
  return Number.isInteger(value) ? thousands(value) : String(Number(value.toPrecision(4)));
}

/** JSON on one line; control characters of others' text that JSON lets pass are escaped too. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
