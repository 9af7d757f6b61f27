// tier: ci — three nights of a domain: the second repeats 60 % of the first, the third corrects a few; what is asked and saved, and which run the verdicts name
import type { RunCounts } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { compactDomain } from '../../activities/segment/compact.ts';
import { readDuplicates } from '../../client/duplicates.ts';
import { readPublished } from '../../client/published.ts';
import { retractRun } from '../../client/retract-run.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { readHead } from '../../lake/log.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { putTexts } from '../pipeline.ts';
import { must } from './lib.ts';
import { openScene } from './parts/scene.ts';
import { gazetteerText } from './parts/texts.ts';

const DOMAIN = 'gazetteer';
const text = (i: number): string => `${gazetteerText(i)} ${gazetteerText(1000 + i)}`;
const texts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => text(from + i));
/** The same text for whoever compares them. */
const shouted = (i: number): string => ` ${text(i).toUpperCase().replaceAll(' ', '\n')}`;
/** Four of about 160 words are others. */
const edited = (i: number): string => `${text(i).split(' ').slice(0, -4).join(' ')} and so on until today.`;

/** Files of each night. Numbers above 100 are texts that no night before had. */
const FIRST = { a: texts(0, 40), b: texts(40, 80) };
const SECOND = {
  c: [...Array.from({ length: 40 }, (_, i) => shouted(i)), ...texts(100, 120)],
  d: [...Array.from({ length: 20 }, (_, i) => edited(50 + i)), ...texts(120, 140)],
};
/** Of file a: rows 3, 7 and 11 are corrected, row 20 is gone, all others are as they were. */
const CORRECTED = [3, 7, 11];
const GONE = 20;
const THIRD = {
  a: FIRST.a.map((each, i) => (CORRECTED.includes(i) ? text(200 + i) : each)).filter((_, i) => i !== GONE),
};
/** Something of each night, and what the third one has left behind. */
const FOURTH = { e: [text(41), text(130), text(203), text(GONE), text(3)] };

const scene = await openScene('nights');
const { store, endpoint } = scene;
const table: string[][] = [];
try {
  await scene.startWorker();
  const first = await night('night-1', FIRST);
  must(first.asked === 80 && first.rows.kept === 80, 'night 1 asks for each of its 80 texts');

  const second = await night('night-2', SECOND);
  must(
    second.asked === 40 && second.rows.duplicates === 60 && second.rows.earlierDuplicates === 60,
    `night 2 asks for the 40 texts that are new, of 100: ${second.asked} requests`,
  );
  const found = await duplicatesOf(DOMAIN, 'night-2');
  const wanted = [
    ...SECOND.c.slice(0, 40).map((_, i) => `c ${i} exact night-1 a ${i}`),
    ...SECOND.d.slice(0, 20).map((_, i) => `d ${i} near night-1 b ${10 + i}`),
  ];
  must(
    same(found.map(({ line }) => line).sort(), wanted.sort()),
    `its verdicts name the run, file and row of each: ${found[0]?.line}, …`,
  );
  must(
    found.every(({ similarity }) => similarity >= 0.85),
    `and how similar it is: from ${Math.min(...found.map(({ similarity }) => similarity)).toFixed(2)} on`,
  );

  const third = await night('night-3', THIRD);
  must(
    third.asked === CORRECTED.length && third.rows.kept === CORRECTED.length,
    `night 3 asks for the ${CORRECTED.length} rows that were corrected, of ${THIRD.a.length}`,
  );
  must(
    third.rows.replaced === CORRECTED.length + 1,
    `it replaces their older versions and the row that is gone: ${third.rows.replaced} documents`,
  );
  const again = await duplicatesOf(DOMAIN, 'night-3');
  must(
    again.length === 36 && again.every(({ line }) => / exact night-1 a /.test(line)),
    'every row that stayed is a duplicate of itself in the older version, which stands for it',
  );

  const { entry } = await readHead(store, DOMAIN);
  must(
    same(
      entry.published.map(({ run }) => run),
      ['night-1', 'night-2', 'night-3'],
    ) &&
      entry.open === null &&
      same(
        entry.tombstones.map(({ run }) => run),
        ['night-3'],
      ),
    'the log names three publications, the tombstones of the third, and nobody who holds the domain',
  );
  const refusal = await retractRun(store, { domain: DOMAIN, run: 'night-1' }, false).then(
    () => '',
    (error: Error) => error.message,
  );
  must(
    refusal.includes(`${DOMAIN}/night-2: 60`) && refusal.includes(`${DOMAIN}/night-3: 36`),
    'night 1 cannot be retracted: 60 documents of night 2 and 36 of night 3 were dropped for it',
  );

  // One run over what the first two nights brought, in their order.
  const batch = Object.entries({ ...FIRST, ...SECOND });
  for (const [name, rows] of batch) await putTexts(store, `raw/batch/${name}.parquet`, rows);
  const whole = await ingest('batch', 'whole', 'full');
  const nights = [...(await duplicatesOf(DOMAIN, 'night-1')), ...found].map(({ line }) => line);
  must(
    whole.rows.kept === first.rows.kept + second.rows.kept &&
      same(
        (await duplicatesOf('batch', 'whole')).map(({ line }) => line.replace('whole', 'night-1')).sort(),
        nights.sort(),
      ),
    `one run over both nights keeps the same ${whole.rows.kept} documents, and drops each other one for the same`,
  );

  const compacted = await compactDomain(store, DOMAIN);
  must(
    compacted.changed && compacted.segments === 3 && compacted.dropped === third.rows.replaced,
    `compacting makes one segment of three, without the ${compacted.dropped} documents that are gone`,
  );
  const fourth = await night('night-4', FOURTH);
  const last = (await duplicatesOf(DOMAIN, 'night-4')).map(({ line }) => line);
  must(
    same(last, ['e 0 exact night-1 b 1', 'e 1 exact night-2 d 30', 'e 2 exact night-3 a 3']),
    'night 4 finds what each night before has kept',
  );
  must(fourth.asked === 2, 'and asks for what night 3 has left behind: it is nobody’s duplicate any more');
  printTable();
} finally {
  await scene.close();
}

interface Night {
  asked: number;
  rows: RunCounts['rows'];
}
/** Puts files of a night, and takes them in. */
async function night(run: string, files: Record<string, string[]>): Promise<Night> {
  for (const [name, rows] of Object.entries(files))
    await putTexts(store, `raw/${DOMAIN}/${name}.parquet`, rows);
  const done = await ingest(DOMAIN, run, 'incremental');
  const { planned, kept, duplicates, nearDuplicates, earlierDuplicates, replaced } = done.rows;
  table.push(
    [
      run,
      planned,
      kept,
      duplicates,
      nearDuplicates,
      earlierDuplicates,
      replaced,
      done.asked,
      planned - done.asked,
    ].map(String),
  );
  return done;
}

async function ingest(domain: string, run: string, mode: 'full' | 'incremental'): Promise<Night> {
  const before = endpoint.asked.length;
  const spec: IngestSpec = {
    domain,
    mode,
    input: { prefix: `raw/${domain}/`, text: 'text' },
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: 1 },
    tokenizer: 'default',
    sequenceLength: 2048,
    mix: { sources: [{ from: 'augmented', weight: 1 }] },
  };
  const workflowId = await scene.start(spec, run);
  await scene.client.workflow.getHandle(workflowId).result();
  const asked = endpoint.asked.length - before;
  const wrong = (await verifyRun(store, { domain, run }, () => {})).filter(({ ok }) => !ok);
  must(wrong.length === 0, `${domain}/${run} verifies${wrong.map(({ what }) => ` (${what})`).join('')}`);
  const published = await readPublished(store, { domain, run });
  if (published === undefined) throw new Error(`${domain}/${run} is not published`);
  return { asked, rows: (await readManifest(store, published.publication.manifest)).counts.rows };
}

/** Each dropped document of a run: file, row, kind, and run, file and row of the one that it was dropped for. */
async function duplicatesOf(domain: string, run: string): Promise<{ line: string; similarity: number }[]> {
  const all = { limit: 1000, members: 1000, texts: false };
  const { clusters } = await readDuplicates(store, { domain, run }, all);
  const file = (key: string): string => key.replace(/^.*\/|\.parquet$/g, '');
  return clusters
    .flatMap(({ kept, dropped }) =>
      dropped.map(({ key, row, kind, similarity }) => ({
        line: `${file(key)} ${row} ${kind} ${kept.run} ${file(kept.key)} ${kept.row}`,
        similarity,
      })),
    )
    .sort((a, b) => (a.line < b.line ? -1 : 1));
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (JSON.stringify(a) === JSON.stringify(b)) return true;
  console.log(`  found ${JSON.stringify(a, null, 1)}\n  expected ${JSON.stringify(b, null, 1)}`);
  return false;
}

function printTable(): void {
  const head = [
    '',
    'documents',
    'kept',
    'duplicates',
    'near',
    'of earlier runs',
    'replaced',
    'asked',
    'saved',
  ];
  for (const row of [head, head.map(() => '---'), ...table]) console.log(`| ${row.join(' | ')} |`);
}
