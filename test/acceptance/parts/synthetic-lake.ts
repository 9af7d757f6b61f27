import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDistinct } from '../../../bench/synthetic/shingles.ts';
import type { S3Settings } from '../../../lake/s3.ts';
import { ok, ROOT } from '../lib.ts';
import { LENGTHS, type PutFigures, type PutSynthetic } from './put-synthetic.ts';

/** A synthetic corpus as it lies in the lake. */
export interface Made {
  documents: number;
  sources: number;
  textBytes: number;
  words: number;
  /** Documents with fewer words than so many, and not fewer than the bound before; null: no bound. */
  lengths: [number | null, number][];
  /** `distinct` is an estimate, off by 1 % or so; `sampleDistinct` are counted one by one. */
  shingles: { all: number; distinct: number; sample: number; sampleDistinct: number };
  seconds: number;
}

/** Puts a corpus into the lake by two processes, unless the state folder says that it is there already. */
export async function putCorpus(
  state: string,
  s3: S3Settings,
  what: Pick<PutSynthetic, 'documents' | 'perSource' | 'prefix'>,
): Promise<Made> {
  const known = join(state, `corpus-${what.documents}.json`);
  if (existsSync(known)) return JSON.parse(readFileSync(known, 'utf8')) as Made;
  const began = performance.now();
  const sources = Math.ceil(what.documents / what.perSource);
  const program = join(ROOT, 'test', 'acceptance', 'parts', 'put-synthetic.ts');
  async function put(from: number, to: number): Promise<PutFigures> {
    const env = { ...process.env, PUT_SYNTHETIC: JSON.stringify({ s3, ...what, from, to }) };
    return JSON.parse(await ok(process.execPath, ['--import', 'tsx', program], { env })) as PutFigures;
  }
  const middle = Math.ceil(sources / 2);
  const [a, b] = await Promise.all([put(0, middle), put(middle, sources)]);
  const distinct = openDistinct();
  for (const { registers } of [a, b]) {
    for (const [i, each] of Buffer.from(registers, 'base64').entries()) {
      distinct.registers[i] = Math.max(each, distinct.registers[i] as number);
    }
  }
  const made: Made = {
    documents: a.documents + b.documents,
    sources,
    textBytes: a.textBytes + b.textBytes,
    words: a.words + b.words,
    lengths: LENGTHS.map((below, i) => [
      Number.isFinite(below) ? below : null,
      (a.lengths[i] as number) + (b.lengths[i] as number),
    ]),
    shingles: {
      all: a.shingles + b.shingles,
      distinct: Math.round(distinct.estimate()),
      sample: a.sample,
      sampleDistinct: a.sampleDistinct,
    },
    seconds: Math.round((performance.now() - began) / 1000),
  };
  writeFileSync(known, JSON.stringify(made));
  return made;
}
