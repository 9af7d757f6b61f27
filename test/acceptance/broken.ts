// tier: ci — every broken file among good ones: the good ones finish, each broken one ends in its own clear error or in counted rejects; docs/broken-files.md is what became of each row
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../../activities/publish/verify.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { publicationOf } from '../pipeline.ts';
import { DATA, lake, must, ROOT, skip } from './lib.ts';
import { outcomesOf, type SourceOutcome } from './parts/outcomes.ts';
import { stackUp } from './parts/stack.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const TABLE = join(ROOT, 'docs', 'broken-files.md');
const PREFIX = 'raw/untidy/';
const GOOD = ['corpus/ninds.parquet', 'corpus/mplus.parquet'];
const BROKEN = readdirSync(join(DATA, 'broken')).sort();

/** What a source that fails must say: its class, and where in the file it is where only a part is bad. */
const FAILURES: Record<string, { type: string; says: RegExp }> = {
  'bit-rot.parquet': { type: 'CorruptParquet', says: /row group \d+, row \d+, column "text"/ },
  'no-text-column.parquet': {
    type: 'SchemaMismatch',
    says: /no column "text"; the file has "body", "id"|no column "text"; the file has/,
  },
  'not-parquet.parquet': { type: 'CorruptParquet', says: /not a Parquet file but an XML document/ },
  'truncated.parquet': { type: 'CorruptParquet', says: /it was truncated \(224924 bytes are there\)/ },
  'zero-bytes.parquet': { type: 'CorruptParquet', says: /it is empty \(0 bytes\)/ },
};
const WITHOUT_ID = 'no-id-column.parquet';
const NO_ID = { type: 'SchemaMismatch', says: /no column "id"/ };
const REJECTED: Record<string, string[]> = {
  'invalid-utf8.parquet': ['rejected: invalidUtf8', 'rejected: invalidUtf8', 'kept'],
  'null-and-blank-text.parquet': [
    'rejected: null',
    'rejected: blank',
    'rejected: blank',
    'kept',
    'rejected: null',
    'kept',
  ],
  'duplicate-ids.parquet': ['kept', 'kept', `exact duplicate of ${PREFIX}duplicate-ids.parquet row 0`],
};

const stack = await stackUp('broken');
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
for (const name of GOOD) await put(name.replace('corpus/', ''), name);
// As PUTs: `import` refuses what it cannot read.
for (const name of BROKEN) await put(name, `broken/${name}`);

const named = await ingested('with-ids', { prefix: PREFIX, text: 'text', id: 'id' });
const bare = await ingested('without-ids', { prefix: PREFIX, text: 'text' });
store.close();

must(
  failureOf(named, WITHOUT_ID)?.type === NO_ID.type,
  `${WITHOUT_ID} fails where the spec names an id column`,
);
must(
  NO_ID.says.test(failureOf(named, WITHOUT_ID)?.message ?? ''),
  `it says so: ${failureOf(named, WITHOUT_ID)?.message}`,
);
must(failureOf(bare, WITHOUT_ID) === null, `${WITHOUT_ID} is read where it names none`);

const page = pageOf(named);
if (process.argv.includes('--write')) writeFileSync(TABLE, page);
must(
  readFileSync(TABLE, 'utf8') === page,
  'docs/broken-files.md says what became of each row (`--write` writes it anew)',
);

async function put(name: string, file: string): Promise<void> {
  await store.put(`${PREFIX}${name}`, readFileSync(join(DATA ?? '', file)));
}

async function ingested(domain: string, input: IngestSpec['input']): Promise<SourceOutcome[]> {
  const spec: IngestSpec = {
    domain,
    input,
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: 0.2 },
    tokenizer: 'default',
    sequenceLength: 2048,
    mix: { sources: [{ from: 'raw', weight: 1 }] },
    maxFailedFraction: 0.5,
  };
  writeFileSync(join(folder, `${domain}.json`), JSON.stringify(spec));
  const run = { domain, run: 'r1' };
  const ingest = await lake(['ingest', `${domain}.json`, '--run', run.run, '--watch'], {
    cwd: folder,
    env,
    echo: true,
  });
  must(
    ingest.code === 3,
    `ingest of ${domain} ends with 3, completed with failures (${ingest.code}) ${ingest.code === 3 ? '' : ingest.stderr}`,
  );
  const verify = await lake(['verify', `${domain}/r1`], { cwd: folder, env });
  must(
    verify.code === 0,
    `verify of ${domain} finds nothing wrong ${verify.code === 0 ? '' : verify.stderr}`,
  );
  const outcomes = await outcomesOf(store, run);
  const { counts, failedSources } = await readManifest(store, (await publicationOf(store, run)).manifest);
  checkSources(outcomes);
  const { planned, kept, duplicates, heldBack, rejects, failed } = counts.rows;
  const count = (of: (outcome: string) => boolean): number =>
    outcomes.reduce((sum, each) => sum + [...each.outcomes.values()].filter(of).length, 0);
  must(
    planned === kept + duplicates + heldBack + rejects + failed,
    `${domain}: ${planned} planned = ${kept} kept + ${duplicates} duplicates + ${heldBack} held back + ${rejects} rejects + ${failed} of failed sources`,
  );
  must(
    kept === count((each) => each === 'kept') &&
      duplicates === count((each) => each.includes(' duplicate of ')) &&
      rejects === count((each) => each.startsWith('rejected')) &&
      failed === outcomes.reduce((sum, { failure, rows }) => sum + (failure === null ? 0 : rows), 0),
    'the tables of the stages hold as many of each, row by row',
  );
  must(
    failedSources.length === outcomes.filter(({ failure }) => failure !== null).length,
    `the manifest names the ${failedSources.length} sources that failed`,
  );
  return outcomes;
}

function checkSources(outcomes: readonly SourceOutcome[]): void {
  for (const file of BROKEN) {
    if (file === WITHOUT_ID) continue;
    const failure = failureOf(outcomes, file);
    const expected = FAILURES[file];
    if (expected === undefined) {
      must(failure === null, `${file} is read${failure === null ? '' : `: ${failure.message}`}`);
      continue;
    }
    must(failure?.type === expected.type, `${file} fails alone with ${expected.type}`);
    must(
      expected.says.test(failure.message) &&
        failure.message.includes(`s3://${store.bucket}/${PREFIX}${file}`),
      `it says what and where: ${failure.message}`,
    );
  }
  for (const [file, expected] of Object.entries(REJECTED)) {
    const outcomesOfFile = [...(sourceOf(outcomes, file)?.outcomes ?? [])].sort(([a], [b]) => a - b);
    const seen = outcomesOfFile.map(([, outcome]) => outcome);
    must(JSON.stringify(seen) === JSON.stringify(expected), `${file}: ${seen.join(', ')}`);
  }
  for (const name of GOOD) {
    const source = sourceOf(outcomes, name.replace('corpus/', ''));
    must(
      source?.failure === null && source.outcomes.size === source.rows,
      `all ${source?.rows} rows of ${name} are accounted for`,
    );
  }
}

function sourceOf(outcomes: readonly SourceOutcome[], file: string): SourceOutcome | undefined {
  return outcomes.find(({ key }) => key === `${PREFIX}${file}`);
}
function failureOf(outcomes: readonly SourceOutcome[], file: string): SourceOutcome['failure'] {
  return sourceOf(outcomes, file)?.failure ?? null;
}

function pageOf(outcomes: readonly SourceOutcome[]): string {
  const rows = outcomes.map(({ key, rows: planned, failure, outcomes: of }) => {
    const became =
      failure === null
        ? of.size > 0
          ? grouped(of)
          : 'nothing: it has no rows'
        : `**${failure.type}**: ${failure.message.replaceAll(`s3://${store.bucket}/`, '')}; ${planned === 0 ? 'its rows are not known' : `its rows count as failed`}`;
    return `| ${key.replace(PREFIX, '')} | ${planned} | ${became.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`;
  });
  return `# Broken files, and what became of each row

Written by \`npm run acceptance -- broken\` (with \`--write\` the script writes it anew) from the tables that the stages left: a run
over broken files among good ones, with an id column named. Rows are counted from 0.

| file | rows | what became of them |
|---|---|---|
${rows.join('\n')}
`;
}

/** Rows of the same outcome together: \`rows 0, 2: kept\`. */
function grouped(outcomes: ReadonlyMap<number, string>): string {
  const rows = new Map<string, number[]>();
  for (const [row, outcome] of [...outcomes].sort(([a], [b]) => a - b)) {
    const short = outcome.replaceAll(PREFIX, '');
    rows.set(short, [...(rows.get(short) ?? []), row]);
  }
  return [...rows]
    .map(
      ([outcome, of]) =>
        `${of.length > 12 ? `${of.length} rows` : `row${of.length > 1 ? 's' : ''} ${of.join(', ')}`}: ${outcome}`,
    )
    .join('; ');
}
