import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Bench, Findings, Outcome, Settings } from './bench.ts';
import { type Contender, compare } from './harness.ts';
import { type InputFile, writeInputs } from './parquet-files.ts';
import { runReporting } from './process.ts';
import { findPyarrow, type Python } from './python.ts';
import { outcomeOf } from './record.ts';
import { withScratch } from './scratch.ts';
import { sourceTexts } from './texts.ts';

/** Reading id and text of a Parquet file: this package, plain hyparquet, and pyarrow where there is one. */
export const parquetRead: Bench = {
  name: 'parquet-read',
  about: 'id and text of a Parquet file (--mb of text): this package, plain hyparquet, pyarrow',
  runs: 7,
  run: (settings) => withScratch((folder) => readAll(folder, settings)),
};

async function readAll(folder: string, { runs, mb, dist, vs, note, signal }: Settings): Promise<Findings> {
  const found = findPyarrow();
  const python = 'missing' in found ? undefined : found;
  if ('missing' in found) note(`pyarrow is missing, so there is no figure for it: ${found.missing}`);
  const { from, texts } = await sourceTexts();
  note(`writing ${mb} MB of text (${from === 'corpus' ? 'real texts' : 'the sample, repeated'})`);
  const outcomes: Outcome[] = [];
  for (const file of await writeInputs(folder, texts, mb * 1e6, python)) {
    const name = `${file.codec} by ${file.writer}`;
    const contenders = contendersFor(file, dist, vs, python, signal);
    const comparison = await compare(contenders, { runs, note: (line) => note(`${name}: ${line}`) });
    const { path: _, ...input } = file;
    outcomes.push(outcomeOf('parquet-read', { name, input: { texts: from, ...input }, comparison }));
  }
  const versions = {
    hyparquet: versionOf('hyparquet'),
    'hyparquet-compressors': versionOf('hyparquet-compressors'),
    ...(python && { pyarrow: python.version }),
  };
  return { outcomes, versions };
}

function contendersFor(
  { path }: InputFile,
  dist: string,
  vs: string | undefined,
  python: Python | undefined,
  signal: AbortSignal,
): Contender[] {
  const node = (name: string, script: string, ...args: string[]): Contender => ({
    name,
    run: () => runReporting(process.execPath, [contender(script), ...args], { signal }),
  });
  return [
    node('instruct-lake', 'ours.mjs', dist, path),
    ...(vs === undefined ? [] : [node('other build', 'ours.mjs', vs, path)]),
    node('hyparquet', 'hyparquet.mjs', path),
    ...(python === undefined
      ? []
      : [
          {
            name: 'pyarrow',
            run: () => runReporting(python.command, [contender('pyarrow_read.py'), path], { signal }),
          },
        ]),
  ];
}

const contender = (script: string): string => fileURLToPath(new URL(`contenders/${script}`, import.meta.url));

function versionOf(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name);
  const folder = entry.slice(0, entry.lastIndexOf(`/${name}/`) + name.length + 2);
  const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string };
  return version;
}
