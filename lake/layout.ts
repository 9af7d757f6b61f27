import type { RunRef } from '../workflows/contract.ts';
import { sha256 } from './hash.ts';

/* Every key of the lake in one place. Domain and run are checked by the spec and the workflow id before they get here. */

export const DOMAIN = /^[a-z0-9-]{1,40}$/;
export const RUN = /^[A-Za-z0-9._:-]{1,80}$/;

export const runFolder = ({ domain, run }: RunRef): string => `runs/${domain}/${run}`;
/** The pins of a run: its spec with defaults, stage versions, tokenizers, model, seed. */
export const pinsKey = (run: RunRef): string => `${runFolder(run)}/run.json`;
/** Prefix of what all stages of a run hold. */
export const stageUnits = (run: RunRef): string => `${runFolder(run)}/stages/`;
/** Where the stages of one unit (a partition id, or `global`) live. */
export const unitFolder = (run: RunRef, unit: string): string => `${stageUnits(run)}${unit}`;
/** Where attempts at one stage of one unit with one fingerprint live. */
export const stageFolder = (run: RunRef, unit: string, stage: string, fp: string): string =>
  `${stagePrefix(run, unit, stage)}${fp}`;
/** Prefix of all fingerprints of one stage of one unit. */
export const stagePrefix = (run: RunRef, unit: string, stage: string): string =>
  `${unitFolder(run, unit)}/${stage}/`;
/** Lists too long for a workflow's history, named by their own hash. */
export const listKey = (run: RunRef, hash: string): string => `${runFolder(run)}/lists/${hash}.json`;
/** Copies for people at fixed names; the program never reads them. */
export const copyKey = (run: RunRef, name: string): string => `${runFolder(run)}/${name}`;
/** The file of a tokenizer, under the hash that runs have of it in their pins; all runs of a bucket have it in common. */
export const tokenizerKey = (hash: string): string => `tokenizers/${hash}.json`;
/** Where merged segments of a domain lie, under the hash of what they are made of. */
export const segmentFolder = (domain: string, hash: string): string => `index/${domain}/segments/${hash}`;
export const logFolder = (domain: string): string => `index/${domain}/log`;
export const logKey = (domain: string, number: number): string =>
  `${logFolder(domain)}/${String(number).padStart(12, '0')}.json`;
/** A hint only: where the head of the log was seen last. */
export const logHintKey = (domain: string): string => `index/${domain}/latest.json`;

/** A lake-safe name for a partition: a slug of its first raw key for people, and a hash that is the identity. */
export function partitionId(
  runs: readonly { key: string; etag: string; rowStart: number; rowEnd: number }[],
): string {
  const hash = sha256(JSON.stringify(runs.map((run) => [run.key, run.etag, run.rowStart, run.rowEnd])));
  const name = runs[0]?.key.split('/').at(-1) ?? '';
  return `${slug(name.replace(/\.parquet$/, ''))}-${hash.slice(0, 16)}`;
}

/** At most 40 of [a-z0-9-], never empty. */
export function slug(text: string): string {
  const words = text
    .replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return words === '' ? 'x' : words;
}
