// tier: ci — planted duplicates of every kind, over several files: the table of verdicts is literally the expected one, however the files are cut
import { Client, Connection } from '@temporalio/client';
import { DUPLICATE_COLUMNS, DUPLICATES } from '../../activities/dedupe/duplicates.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { outputOf } from '../../lake/commit.ts';
import { openS3 } from '../../lake/s3.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readTable } from '../../lake/table.ts';
import type { DedupeSpec, IngestSpec } from '../../workflows/contract.ts';
import { canonical, commitsOf, publicationOf, putTexts } from '../pipeline.ts';
import { lake, must } from './lib.ts';
import { stackUp } from './parts/stack.ts';

const DOMAIN = 'planted';

/** Words [from, to) of a text without end. */
const words = (name: string, from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `${name}${(from + i) * 7}`).join(' ');
/** Ideographs that stand in no other order twice. */
const ideographs = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => String.fromCodePoint(0x4e00 + (from + i) * 3)).join('');

const A = words('chain', 0, 120);
const B = words('chain', 12, 132);
const C = words('chain', 24, 144);
const FOOTER = words('imprint', 0, 50);
const page = (name: string): string => `${words(name, 0, 70)}. ${FOOTER}`;
const LIST = words('entry', 0, 200);
const SHORT =
  'Nineteen words are too few for a signature so that one word more or less makes it another text.';

/** Rows of each file. What is said of a row is what the run has to find. */
const FILES: Record<string, string[]> = {
  'a.parquet': [
    A,
    page('first'),
    LIST,
    `${words('alone', 0, 300)}.`,
    SHORT,
    ideographs(0, 90), // Written without spaces.
  ],
  'b.parquet': [
    B, // Near A.
    page('second'), // Shares no more than the imprint with the first page.
    `  ${A.toUpperCase().replaceAll(' ', '\n')}`, // A, in another form.
    `${LIST} and one entry more`, // Near the list.
    `${SHORT} Or not.`, // Too short to be near anything.
    C, // Near B alone, which is not kept: it stays.
  ],
  'c.parquet': [
    page('third'),
    B, // The text of one that is not kept: near A and near C, and nearer to one of them.
    C, // Exactly what b holds.
    SHORT.toLowerCase(), // Short texts too have exact duplicates.
    `${ideographs(0, 88)}${ideographs(200, 202)}`, // Two characters of ninety are others.
  ],
  'd.parquet': [
    `${LIST} and one entry more`, // A copy of one that is not kept: near the list, as that one is.
    words('chain', 30, 150), // Near C.
    page('third'), // Exactly what c holds.
    words('alone', 300, 600),
  ],
};
const key = (name: string): string => `raw/${DOMAIN}/${name}.parquet`;
/** Similarities are k/112. Those of the sets themselves: 0.81, 0.98, 0.81, 0.95, 0.98, 0.90. */
const EXPECTED = [
  [key('b'), 0, key('a'), 0, 'near', 93 / 112],
  [key('b'), 2, key('a'), 0, 'exact', 1],
  [key('b'), 3, key('a'), 2, 'near', 107 / 112],
  [key('c'), 1, key('a'), 0, 'near', 93 / 112],
  [key('c'), 2, key('b'), 5, 'exact', 1],
  [key('c'), 3, key('a'), 4, 'exact', 1],
  [key('c'), 4, key('a'), 5, 'near', 107 / 112],
  [key('d'), 0, key('a'), 2, 'near', 107 / 112],
  [key('d'), 1, key('b'), 5, 'near', 102 / 112],
  [key('d'), 2, key('c'), 0, 'exact', 1],
];
/** Without near-duplicates: the copies above, and those of rows that only a near-duplicate is dropped for. */
const EXACT = 6;

const { folder, env, settings } = await stackUp('near-duplicates');
const store = openS3(settings.s3);
const connection = await Connection.connect({ address: settings.temporal });
const client = new Client({ connection, namespace: settings.namespace });
try {
  for (const [name, texts] of Object.entries(FILES)) {
    await putTexts(store, `raw/${DOMAIN}/${name}`, texts, { rowGroupBytes: 1_500 });
  }
  const rows = Object.values(FILES).flat().length;
  const near = EXPECTED.filter(([, , , , kind]) => kind === 'near').length;
  const cuts = { small: 1_024, middle: 4_000, whole: 1_000_000 };
  const cores: string[] = [];
  for (const [run, partitionBytes] of Object.entries(cuts)) {
    await ingest(run, partitionBytes);
    const partitions = (await commitsOf(store, { domain: DOMAIN, run }, 'scan')).length;
    const found = await duplicatesOf(run);
    const expected = EXPECTED.map((row) => [...row.slice(0, 4), run, ...row.slice(4)]);
    must(
      JSON.stringify(found) === JSON.stringify(expected),
      `cut into ${partitions} partitions, the table of duplicates is the expected one${
        JSON.stringify(found) === JSON.stringify(expected)
          ? ''
          : `; it is\n${found.map((row) => JSON.stringify(row)).join('\n')}`
      }`,
    );
    cores.push(JSON.stringify(await canonical(store, { domain: DOMAIN, run })));
  }
  must(new Set(cores).size === 1, 'the three runs have the same canonical objects, byte by byte');
  const { counts } = await readManifest(
    store,
    (await publicationOf(store, { domain: DOMAIN, run: 'whole' })).manifest,
  );
  must(
    counts.rows.planned === rows &&
      counts.rows.kept === rows - EXPECTED.length &&
      counts.rows.duplicates === EXPECTED.length &&
      counts.rows.nearDuplicates === near,
    `the manifest counts ${rows} rows planned, ${EXPECTED.length} duplicates, ${near} of them near`,
  );
  must(
    (await documentsOf('whole')) === rows - EXPECTED.length,
    'as many documents are made as rows are kept',
  );

  await ingest('exact', 4_000, { near: false });
  const exact = await duplicatesOf('exact');
  const kinds = new Set(exact.map(([, , , , , kind]) => kind));
  must(
    exact.length === EXACT && kinds.size === 1 && kinds.has('exact'),
    'with `near: false` exact duplicates alone go',
  );
} finally {
  await connection.close();
  store.close();
}

/** Runs it to its end, and has it verified. */
async function ingest(run: string, partitionBytes: number, dedupe: DedupeSpec = {}): Promise<void> {
  const spec: IngestSpec = {
    domain: DOMAIN,
    input: { prefix: `raw/${DOMAIN}/`, text: 'text', partitionBytes },
    dedupe,
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
    tokenizer: 'default',
    sequenceLength: 2048,
    mix: { sources: [{ from: 'raw', weight: 1 }] },
    shards: { bytes: 4_096 },
  };
  await client.workflow.getHandle((await startIngest(client, spec, run)).workflowId).result();
  const { code, stdout, stderr } = await lake(['verify', `${DOMAIN}/${run}`], { cwd: folder, env });
  must(code === 0, `\`verify\` of ${run} ends with 0${code === 0 ? '' : ` (${code}):\n${stdout}${stderr}`}`);
}

/** The table that a person would open. */
async function duplicatesOf(run: string): Promise<unknown[][]> {
  const commits = await commitsOf(store, { domain: DOMAIN, run }, 'dedupe');
  const decided = commits.filter(({ unit }) => unit === 'global');
  must(decided.length === 1, `${run}: one commit has the verdicts of all ranges`);
  const names = DUPLICATE_COLUMNS.map(({ name }) => name);
  const table = await readTable(
    store as ObjectStore,
    outputOf(decided[0] as (typeof decided)[0], DUPLICATES),
    names,
  );
  return table.map((row) =>
    names.map((name) => (typeof row[name] === 'bigint' ? Number(row[name]) : row[name])),
  );
}

async function documentsOf(run: string): Promise<number> {
  const commits = await commitsOf(store, { domain: DOMAIN, run }, 'template');
  const tables = await Promise.all(
    commits.map((each) => readTable(store, outputOf(each, DOCUMENTS), ['id'])),
  );
  return tables.flat().length;
}
