import { readFileSync } from 'node:fs';
import { BadPools } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import type { RandomStream } from '../../lake/random.ts';
import { expand, type WrittenPool } from './grammar.ts';
import { type Pattern, parsePattern } from './pattern.ts';
import { type ModeWeights, readModes, readPoolFile } from './pool-file.ts';
import { POOL_NAMES, type PoolName, poolProblems } from './pool-rules.ts';

/** One wording of a pool. */
export interface Wording {
  text: string;
  pattern: Pattern;
  /** Its share of the draws, up to a factor common to the pool. */
  weight: number;
}
/** A pool ready to draw from: its wordings, and the sums of their weights up to and including each. */
export interface Pool {
  wordings: readonly Wording[];
  sums: Float64Array;
}
export interface Pools {
  language: string;
  modes: ModeWeights;
  pools: Readonly<Record<PoolName, Pool>>;
  /** SHA-256 of the canonical JSON of all files: equal digests give equal wording. */
  digest: string;
}

const MODES_FILE = 'modes.json';
const FILES = [
  'pairs.json',
  'reading.json',
  'inverted.json',
  'dialog.json',
  'turns.json',
  'numbered.json',
  'options.json',
  'separators.json',
  MODES_FILE,
];

/** Checks pools and makes them ready. `files`: parsed JSON by file name. Throws BadPools with every problem found. */
export function loadPools(files: Readonly<Record<string, unknown>>): Pools {
  const problems: string[] = [];
  const written = new Map<PoolName, WrittenPool>();
  const languages = new Set<string>();
  let modes: ModeWeights | undefined;
  for (const [name, json] of Object.entries(files)) {
    const content = name === MODES_FILE ? readModes(json) : readPoolFile(json);
    if (Array.isArray(content)) {
      problems.push(...content.map((problem) => `${name}: ${problem}`));
    } else if ('pools' in content) {
      languages.add(content.language);
      for (const [pool, body] of Object.entries(content.pools)) {
        if (!isPoolName(pool)) problems.push(`${name}: there is no pool "${pool}"`);
        else if (written.has(pool)) problems.push(`${name}: pool "${pool}" is there twice`);
        else written.set(pool, body);
      }
    } else modes = content;
  }
  if (languages.size > 1) problems.push(`the files are in several languages (${[...languages].join(', ')})`);
  if (problems.length === 0) {
    if (modes === undefined) problems.push(`${MODES_FILE} is missing`);
    for (const name of POOL_NAMES) if (!written.has(name)) problems.push(`pool "${name}" is missing`);
    for (const [name, body] of written) problems.push(...poolProblems(name, body));
  }
  if (problems.length > 0 || modes === undefined) {
    throw new BadPools(`the template pools cannot be used:\n${problems.map((p) => `- ${p}`).join('\n')}`);
  }
  const pools = Object.fromEntries([...written].map(([name, body]) => [name, ready(body)]));
  return {
    language: [...languages].join(),
    modes,
    pools: pools as Record<PoolName, Pool>,
    digest: sha256(canonicalJson(files)),
  };
}

function isPoolName(name: string): name is PoolName {
  return (POOL_NAMES as string[]).includes(name);
}

function ready(pool: WrittenPool): Pool {
  const wordings = expand(pool).map(({ text, weight }) => ({ text, weight, pattern: parsePattern(text) }));
  let sum = 0;
  const sums = Float64Array.from(wordings, ({ weight }) => {
    sum += weight;
    return sum;
  });
  return { wordings, sums };
}

/** One wording, by weight. Takes one draw of the stream. */
export function draw(pool: Pool, stream: RandomStream): Wording {
  const { sums, wordings } = pool;
  const at = stream.unit() * (sums.at(-1) as number);
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at < (sums[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return wordings[low] as Wording;
}

let own: Pools | undefined;

/** The pools that come with the program, read and checked on first use. */
export function defaultPools(): Pools {
  own ??= loadPools(
    Object.fromEntries(
      FILES.map((name) => [
        name,
        JSON.parse(readFileSync(new URL(`./pools/${name}`, import.meta.url), 'utf8')),
      ]),
    ),
  );
  return own;
}

/** SHA-256 that changes with every weight and word of the pools: for a run's pins. */
export function poolsDigest(pools: Pools = defaultPools()): string {
  return pools.digest;
}
