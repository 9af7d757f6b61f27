// tier: ci — evaluation sets as JSONL and Parquet stay out of documents, generated pairs and instructions; every match is listed, and brute force finds the same
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CONTAMINATION,
  CONTAMINATION_COLUMNS,
  contaminationRow,
} from '../../activities/benchmarks/contamination.ts';
import { PAIRS } from '../../activities/filter/pair-table.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import type { Stage } from '../../activities/versions.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { documentId } from '../../lake/identity.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { openS3 } from '../../lake/s3.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { type BruteItem, bruteForce } from '../brute-contamination.ts';
import { commitsOf, putTexts } from '../pipeline.ts';
import { DATA, lake, must } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { BIOMED, stackUp } from './parts/stack.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

interface Item {
  question: string;
  answers: string[];
  context: string;
}
const items = evaluationSet();
const wordsIn = (text: string): string[] => text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
const long = items.filter(({ question }) => wordsIn(question).length >= 13);
const middle = items.filter(({ question }) => [8, 9, 10, 11, 12].includes(wordsIn(question).length));
const short = items.filter(({ question }) => wordsIn(question).length < 8);
const [l, m, s] = [long[0], middle[0], short[0]] as [Item, Item, Item];

const { folder, env, settings } = await stackUp('decontamination');
const store = openS3(settings.s3);
const passages = samplePassages()
  .filter(({ id }) => id.startsWith('bio-'))
  .map(({ text }) => text);
const KEY = 'raw/biomed/a.parquet';
const planted = [
  `${passages[0]} ${long[1]?.question.toUpperCase()}`,
  `<s> <CON> ${wordsIn(l.question).slice(0, 13).join(' — ')} </CON> \u001b[31m`,
  `Quiz: “${m.question}” ${passages[1]}`,
  `Q: ${s.question}\nA: ${s.answers[0]}`,
  `${passages[2]}\n\n${items[items.length - 1]?.context}`,
  `Near: ${wordsIn(l.question).slice(0, 12).join(' ')}, and ${wordsIn(m.question).slice(1).join(' ')}; ${s.question}`,
];
const DROPPED = [0, 1, 2, 3];
const corpus = [...planted, ...passages.slice(3)];
const instructions = [
  ['Add one and two.', 'Three.'],
  [`Answer: ${long[2]?.question}`, 'I do not know.'],
  [short[1]?.question ?? '', short[1]?.answers[0] ?? ''],
  ['Tell me of it.', `It goes: ${items[0]?.context}`],
  [
    'Say it.',
    `${wordsIn(long[2]?.question ?? '')
      .slice(0, 12)
      .join(' ')}`,
  ],
];
await putTexts(store, KEY, corpus, { rowGroupBytes: 4_000 });
const column = (name: string, data: unknown[]) => ({ name, type: 'string' as const, data });
await store.put(
  'raw/instructions/a.parquet',
  parquetBytes([
    column(
      'instruction',
      instructions.map(([question]) => question),
    ),
    column(
      'response',
      instructions.map(([, answer]) => answer),
    ),
  ]),
);
const half = items.length >> 1;
const jsonl = items.slice(0, half).map((item) => JSON.stringify(item));
await store.put('eval/squad/a.jsonl', ['{"question": "cut off', ...jsonl].join('\n'));
const rest = items.slice(half);
await store.put(
  'eval/squad/b.parquet',
  parquetBytes([
    column(
      'question',
      rest.map(({ question }) => question),
    ),
    { name: 'answers', type: 'strings', data: rest.map(({ answers }) => answers) },
    column(
      'context',
      rest.map(({ context }) => context),
    ),
  ]),
);
const brute: BruteItem[] = items.map(({ question, answers, context }, i) => ({
  benchmark: 'squad',
  ...(i < half
    ? { item: 'eval/squad/a.jsonl', itemRow: i + 2 }
    : { item: 'eval/squad/b.parquet', itemRow: i - half }),
  values: { question: [question], answer: answers, context: [context] },
}));

console.log('With SQuAD');
const spec: IngestSpec = {
  ...BIOMED,
  input: { prefix: 'raw/biomed/', text: 'text' },
  dedupe: { near: false },
};
const squad = {
  name: 'squad',
  prefix: 'eval/squad/',
  fields: { question: 'question', answer: 'answers', context: 'context' },
};
await ingest('squad', { ...spec, decontaminate: { sets: [squad] } });
const before = await pairsOf('squad');
// What a model may come to ask: questions of the run before, in a set of their own.
const asked = before.filter(({ question, answer, row, dropped }) => {
  const own = bruteForce([
    { benchmark: '', item: '', itemRow: 0, values: { question: [question], answer: [answer] } },
  ]);
  return (
    dropped === null &&
    // A longer answer is looked for by itself, and would take its own document away.
    wordsIn(answer).length < 8 &&
    row >= planted.length &&
    corpus.every((text) => own(text).every(({ field }) => field !== 'question'))
  );
});
const stolen = [
  ...asked.filter(({ question }) => wordsIn(question).length >= 8).slice(0, 2),
  ...asked.filter(({ question }) => wordsIn(question).length < 8).slice(0, 2),
];
must(
  stolen.length >= 2,
  `${before.length} pairs, of which ${stolen.length} become items of a second evaluation set`,
);
await store.put(
  'eval/asked/a.jsonl',
  stolen.map(({ question, answer }) => JSON.stringify({ q: question, a: answer })).join('\n'),
);
brute.push(
  ...stolen.map(
    ({ question, answer }, i): BruteItem => ({
      ...{ benchmark: 'asked', item: 'eval/asked/a.jsonl', itemRow: i + 1 },
      values: { question: [question], answer: [answer] },
    }),
  ),
);

console.log('With questions that the model asks as well');
const second = { name: 'asked', prefix: 'eval/asked/', fields: { question: 'q', answer: 'a' } };
const clean: IngestSpec = { ...spec, decontaminate: { sets: [squad, second] } };
await ingest('clean', clean);
const find = bruteForce(brute);
const after = await pairsOf('clean');
const expected = [
  ...corpus.flatMap((text, row) =>
    find(text).map((each) => ({ ...each, source: 'document', key: KEY, row, pair: null })),
  ),
  ...instructions.flatMap(([question, answer], row) =>
    find(`${question} ${answer}`).map((each) => ({
      ...{ ...each, source: 'instructions-1', key: 'raw/instructions/a.parquet', row, pair: null },
    })),
  ),
];
const ofPairs = after.flatMap(({ row, index, question, answer }) => [
  ...find(question, answer).map((each) => ({ ...each, source: 'question', key: KEY, row, pair: index })),
  ...find(answer, '').map((each) => ({ ...each, source: 'answer', key: KEY, row, pair: index })),
]);
const listed = (
  await Promise.all(
    (['scan', 'filter', 'template'] as const).map((stage) =>
      rowsOf('clean', stage, CONTAMINATION, CONTAMINATION_COLUMNS),
    ),
  )
)
  .flat()
  .map(contaminationRow)
  .map(({ benchmark, item, itemRow, field, source, key, row, pair }) => ({
    benchmark,
    item,
    itemRow,
    field,
    source,
    key,
    row,
    pair,
  }));
const texts = (each: readonly object[]): string =>
  JSON.stringify(each.map((one) => JSON.stringify(one)).sort());
must(
  texts(listed.filter(({ pair }) => pair === null)) === texts(expected),
  `${expected.length} matches in ${corpus.length} documents and ${instructions.length} instructions are those of brute force, and no other`,
);
const inPairs = new Set(listed.filter(({ pair }) => pair !== null).map((each) => JSON.stringify(each)));
must(
  ofPairs.length >= stolen.length && ofPairs.every((each) => inPairs.has(JSON.stringify(each))),
  `${ofPairs.length} matches in questions and answers of pairs are all listed`,
);
const rejects = await rowsOf('clean', 'scan', 'rejects.parquet', [{ name: 'row' }, { name: 'reason' }]);
const rows = rejects.filter(({ reason }) => reason === 'contaminated').map(({ row }) => Number(row));
must(
  JSON.stringify(rows) === JSON.stringify(DROPPED),
  `documents ${DROPPED.join(', ')} are rejected; the one with 12 of 13 words, 7 of 8 and a short question alone is not, nor one with a context`,
);
const gone = stolen.filter(
  ({ question }) => !after.some((each) => each.question === question && each.dropped === null),
);
must(gone.length === stolen.length, `none of the ${stolen.length} questions is left among the pairs`);

const documents = await rowsOf('clean', 'template', DOCUMENTS, [{ name: 'text' }]);
const alone = bruteForce(
  brute.map((each) => ({ ...each, values: { question: each.values.question ?? [] } })),
);
const left = documents.filter(({ text }) => alone(String(text)).length > 0);
must(
  left.length === 0,
  `no question of 8 words or more stands in any of ${documents.length} documents that are tokenized`,
);

const { stdout } = await lake(['contamination', 'biomed/clean', '--limit', '3'], { cwd: folder, env });
console.log(stdout);
must(
  stdout.includes('not read: eval/squad/a.jsonl 1: not JSON') &&
    /squad question in document: drop/.test(stdout),
  'the command counts by set, field and source, and names the line that is not JSON',
);

const cut = { ...clean, input: { ...clean.input, partitionBytes: 16_384 } };
await ingest('cut', cut);
await mustBeSame(store, 'biomed', ['cut', 'clean'], 'with other partitions as well');
store.close();

/** SQuAD's articles where they are beside the checkout; else questions about the sample's own passages on other subjects. */
function evaluationSet(): Item[] {
  const file = DATA === undefined ? undefined : join(DATA, 'contextqa', 'squad.json');
  if (file === undefined || !existsSync(file)) {
    return samplePassages()
      .filter(({ id }) => !id.startsWith('bio-'))
      .flatMap(({ text: context }, i): Item[] =>
        [
          `Who tells passage ${i}?`,
          `What does passage number ${i} say of its own subject?`,
          `After all that the reader has seen in it, what does number ${i} finally say of it?`,
        ].map((question) => ({ question, answers: [`the keeper ${i}`], context })),
      );
  }
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as {
    data: { paragraphs: { context: string; qas: { question: string; answers: { text: string }[] }[] }[] }[];
  };
  return data.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas.map(({ question, answers }) => ({ question, answers: answers.map(({ text }) => text), context })),
    ),
  );
}

async function ingest(run: string, spec: IngestSpec): Promise<void> {
  writeFileSync(join(folder, `${run}.json`), JSON.stringify(spec));
  const { code, stderr, seconds } = await lake(['ingest', `${run}.json`, '--run', run, '--watch'], {
    cwd: folder,
    env,
  });
  if (code !== 0) throw new Error(`NOT SO: biomed/${run} completes (${code})\n${stderr}`);
  const verified = await lake(['verify', `biomed/${run}`], { cwd: folder, env });
  must(
    verified.code === 0 && verified.stdout.includes('contamination balances'),
    `biomed/${run} completes (${seconds.toFixed(1)} s) and verifies`,
  );
}

async function rowsOf(
  run: string,
  stage: Stage,
  table: string,
  columns: readonly { name: string }[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { outputs } of await commitsOf(store, { domain: 'biomed', run }, stage)) {
    const output = outputs.find(({ name }) => name === table);
    const names = columns.map(({ name }) => name);
    if (output !== undefined) rows.push(...(await readTable(store, output, names)));
  }
  return rows;
}

async function pairsOf(run: string) {
  const places = new Map(corpus.map((_, row) => [documentId(KEY, row), row]));
  const names = ['document', 'index', 'question', 'answer', 'dropped'].map((name) => ({ name }));
  return (await rowsOf(run, 'filter', PAIRS, names)).map(
    ({ document, index, question, answer, dropped }) => ({
      ...{ row: places.get(String(document)) ?? -1, index: Number(index), dropped },
      ...{ question: String(question), answer: String(answer) },
    }),
  );
}
