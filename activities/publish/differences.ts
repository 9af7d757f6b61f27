import { canonicalJson } from '../../lake/hash.ts';

/** A field in which two JSON documents differ: its path, as `counts.rows.kept` or `shards[2].bin.size`, and what either has there. */
export interface Difference {
  field: string;
  /** Undefined where it is not there. */
  stands: unknown;
  computed: unknown;
}

/** The fields, down to single values, in which two JSON documents differ, in the order of their names. */
export function differences(stands: unknown, computed: unknown, field = ''): Difference[] {
  if (Array.isArray(stands) && Array.isArray(computed)) {
    const length = Math.max(stands.length, computed.length);
    return Array.from({ length }, (_, i) => i).flatMap((i) =>
      differences(stands[i], computed[i], `${field}[${i}]`),
    );
  }
  if (isMap(stands) && isMap(computed)) {
    const names = [...new Set([...Object.keys(stands), ...Object.keys(computed)])].sort();
    return names.flatMap((name) =>
      differences(own(stands, name), own(computed, name), field === '' ? name : `${field}.${name}`),
    );
  }
  return text(stands) === text(computed) ? [] : [{ field, stands, computed }];
}

/** What a difference says, values cut where they are long. */
export const describeDifference = ({ field, stands, computed }: Difference): string =>
  `${field}: ${short(stands)} stands there, ${short(computed)} was computed`;

/** Letters of a value that are told. */
const TOLD = 80;

function short(value: unknown): string {
  const told = text(value);
  return told.length > TOLD ? `${told.slice(0, TOLD)} …` : told;
}

const text = (value: unknown): string => (value === undefined ? 'nothing' : canonicalJson(value as never));

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names are words of the corpus at times, which may be "constructor": only what is a document's own is looked at. */
const own = (map: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(map, name) ? map[name] : undefined;
