import { BadUsage } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';

const COMPONENT_BYTES = 254;
const KEY_BYTES = 1024;
/** Leaves room for the hash and `.parquet` in a component. */
const STEM_CHARACTERS = 200;

/** Checks `--to`: `raw/<domain>/` (`pairs/<domain>/` for pairs), or a folder below it. Throws BadUsage. */
export function checkTarget(to: string, root: 'raw/' | 'pairs/' = 'raw/'): void {
  const why = targetProblem(to, root);
  if (why !== undefined) {
    throw new BadUsage(
      `--to ${JSON.stringify(to)} ${why}; it is a folder of the lake such as ${root}biomed/`,
    );
  }
}

function targetProblem(to: string, root: string): string | undefined {
  if (!to.startsWith(root)) return `must begin with ${root}`;
  if (!to.endsWith('/')) return 'must end with /';
  const components = to.slice(0, -1).split('/');
  if (components.length < 2) return 'names no domain';
  for (const component of components) {
    if (component === '') return 'has an empty part';
    if (component === '.' || component === '..') return `has a part ${component}`;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not get into a key
    if (/[\x00-\x1f\x7f\\]/.test(component)) return 'has control characters or a backslash';
    if (Buffer.byteLength(component) > COMPONENT_BYTES) return `has a part of over ${COMPONENT_BYTES} bytes`;
  }
  return undefined;
}

/** The key of a file: `to`, its folders below the folder that was named, and its stem with `.parquet`. Throws BadUsage. */
export function keyOf(to: string, folders: readonly string[], stem: string): string {
  const key = `${to}${[...folders.map(safeName), `${safeName(stem)}.parquet`].join('/')}`;
  if (Buffer.byteLength(key) > KEY_BYTES)
    throw new BadUsage(`the key ${key} is over ${KEY_BYTES} bytes long`);
  return key;
}

/**
 * A file's name as part of a key: ASCII letters, digits and `._=-` stay, other runs become `-`; none begins with `.` or `_`, which ingests pass over. A name that had to be
 * changed gets a piece of its hash, so that different names stay different.
 */
export function safeName(name: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9._=-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, STEM_CHARACTERS);
  if (safe === name) return name;
  const hash = sha256(name).slice(0, 8);
  return safe === '' ? hash : `${safe}-${hash}`;
}
