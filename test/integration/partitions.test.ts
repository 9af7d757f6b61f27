import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../activities/publish/verify.ts';
import { REJECT_COLUMNS, REJECTS } from '../../activities/scan/texts.ts';
import type { Entry } from '../../activities/synthesize/entry.ts';
import { ENTRIES, ENTRY_COLUMNS, entryOf } from '../../activities/synthesize/entry-table.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import { sampleInstructions, samplePassages } from '../../client/sample/index.ts';
import { s3Client } from '../../client/stack/servers.ts';
import { outputOf } from '../../lake/commit.ts';
import { documentId } from '../../lake/identity.ts';
import { readHead } from '../../lake/log.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { readTable } from '../../lake/table.ts';
import type { Failures, IngestSpec } from '../../workflows/contract.ts';
import { attemptsOf, failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import {
  canonical,
  commitsOf,
  openPipeline,
  type Pipeline,
  publicationOf,
  putTexts,
  textSpec,
} from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
});
afterAll(() => pipeline?.close());

/** Nothing converted: every document is a text of the corpus, with the id of its row. */
const bare = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec(domain, {
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
    mix: { sources: [{ from: 'raw', weight: 1 }] },
    ...changes,
  });

/** Ids of the documents that a run made. */
async function documentsOf(domain: string, run: string): Promise<string[]> {
  const ids: string[] = [];
  for (const commit of await commitsOf(pipeline.store, { domain, run }, 'template')) {
    for (const row of await readTable(pipeline.store, outputOf(commit, DOCUMENTS), ['id'])) {
      ids.push(String(row.id));
    }
  }
  return ids.sort();
}
/** What a run's rounds made of the texts, by row: prompts (by their hashes), answers, links, pairs. */
async function entriesOf(domain: string, run: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const commit of await commitsOf(pipeline.store, { domain, run }, 'synthesize')) {
    const columns = ENTRY_COLUMNS.map(({ name }) => name);
    entries.push(...(await readTable(pipeline.store, outputOf(commit, ENTRIES), columns)).map(entryOf));
  }
  const place = ({ key, row, part }: Entry): string => JSON.stringify([key, row, part]);
  return entries.sort((a, b) => (place(a) < place(b) ? -1 : 1));
}
const ids = (...rows: [key: string, row: number][]): string[] =>
  rows.map(([key, row]) => documentId(key, row)).sort();

async function countsOf(domain: string, run: string) {
  const { manifest } = await publicationOf(pipeline.store, { domain, run });
  return readManifest(pipeline.store, manifest);
}

/** The same file with bytes of its first data page destroyed: the footer still reads. */
function brokenPage(file: Uint8Array): Uint8Array {
  return file.slice().fill(0xff, 4, 64);
}
/** The file with the marker's first byte replaced by one that no UTF-8 text holds. */
function withInvalidUtf8(file: Uint8Array, marker: string): Uint8Array {
  const bytes = Buffer.from(file);
  let at = bytes.indexOf(marker);
  expect(at).toBeGreaterThan(0);
  for (; at >= 0; at = bytes.indexOf(marker)) bytes[at] = 0xff;
  return bytes;
}
const textFile = (texts: readonly (string | null)[]): Uint8Array =>
  parquetBytes([{ name: 'text', type: 'string', data: texts }]);

describe('the same corpus, cut into partitions of another size', () => {
  const spec = (partitionBytes: number): IngestSpec =>
    textSpec('cut', {
      input: { prefix: 'raw/cut/', text: 'text', partitionBytes },
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: 0.7 },
      mix: {
        sources: [
          { from: 'augmented', weight: 3 },
          { from: 'raw', weight: 1 },
          { from: 'instructions', prefix: 'raw/cut-chat/', question: 'q', answer: 'a', weight: 1 },
        ],
      },
    });

  test('gives the same manifest and the same bytes of every shard', async () => {
    const { store, lab } = pipeline;
    const texts = samplePassages().map(({ text }) => text);
    await putTexts(store, 'raw/cut/a.parquet', texts.slice(0, 10), { rowGroupBytes: 5_000 });
    await putTexts(store, 'raw/cut/b.parquet', [...texts.slice(6, 16), ''], { rowGroupBytes: 5_000 });
    const chat = sampleInstructions().slice(0, 16);
    const columns = [
      { name: 'q', type: 'string' as const, data: chat.map(({ instruction }) => instruction) },
      { name: 'a', type: 'string' as const, data: chat.map(({ response }) => response) },
    ];
    await store.put('raw/cut-chat/c.parquet', parquetBytes(columns, { rowGroupBytes: 2_000 }));

    await Promise.all([
      pipeline.runIngest(spec(1_024), 'small'),
      pipeline.runIngest(spec(1_000_000), 'large'),
    ]);
    const [small, large] = await Promise.all(
      ['small', 'large'].map((run) => attemptsOf(lab.client, `ingest/cut/${run}`)),
    );
    expect(small?.scanPartition?.length).toBeGreaterThan(5);
    expect(small?.templateInstructions?.length).toBeGreaterThan(1);
    expect(large?.scanPartition).toHaveLength(1);
    expect(large?.templateInstructions).toHaveLength(1);

    const { counts, mix } = await countsOf('cut', 'small');
    expect(counts.rows).toMatchObject({ planned: 21, kept: 16, duplicates: 4, rejects: 1 });
    expect(mix.every(({ got }) => got > 0)).toBe(true);
    expect(await canonical(store, { domain: 'cut', run: 'small' })).toEqual(
      await canonical(store, { domain: 'cut', run: 'large' }),
    );
    const entries = await Promise.all(['small', 'large'].map((run) => entriesOf('cut', run)));
    expect(entries[0]?.length).toBeGreaterThan(8);
    expect(entries[0]).toEqual(entries[1]);
  });
});

describe('broken files among good ones', () => {
  const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((name) => `raw/broken/${name}.parquet`) as [
    string,
    string,
    string,
    string,
  ];
  const only = 'Only the broken file and a later one hold this text.';
  const twice = 'Two good files hold this text; the first of them in the order of keys keeps it.';
  beforeAll(async () => {
    const { store } = pipeline;
    // NOT-TEXT becomes bytes that are no UTF-8.
    const good = textFile([twice, '', ' \t\n', null, '~NOT-TEXT~', 'A text that stands once.']);
    await store.put(A, withInvalidUtf8(good, '~NOT-TEXT~'));
    await store.put(B, brokenPage(textFile([only, 'Another text of the broken file.'])));
    await store.put(C, textFile([only, twice, `  ${twice.toUpperCase()} `, 'The last one.']));
    await store.put(D, 'this is no Parquet file at all');
  });

  test('with maxFailedFraction 0.5 the good ones finish, and every row is accounted for', async () => {
    const { store } = pipeline;
    const handle = await pipeline.start(bare('broken', { maxFailedFraction: 0.5 }), 'half');
    const { counts: reported } = await handle.result();
    const { counts, failedSources } = await countsOf('broken', 'half');
    expect(failedSources).toEqual([
      { key: B, type: 'CorruptParquet' },
      { key: D, type: 'CorruptParquet' },
    ]);
    // The rows of a file without a footer are not known; those of the other one count as failed.
    expect(counts.rows).toMatchObject({ planned: 12, failed: 2, rejects: 4, heldBack: 0 });
    expect(counts.rows.kept + counts.rows.duplicates).toBe(6);

    const failures = await handle.query<Failures>('failures');
    expect(failures.sources.map(({ key, type }) => [key, type]).sort()).toEqual([
      [B, 'CorruptParquet'],
      [D, 'CorruptParquet'],
    ]);
    expect(failures.total).toBe(2);
    expect(reported.failedSources).toBe(2);
    for (const { message, key } of failures.sources) expect(message).toContain(`s3://${store.bucket}/${key}`);
  });

  test('a duplicate is dropped in favour of the first in keep order; a failed file keeps nobody out', async () => {
    // Folding for dedupe is of case and white space: see lake/unicode.
    expect(await documentsOf('broken', 'half')).toEqual(ids([A, 0], [A, 5], [C, 0], [C, 3]));
    expect((await countsOf('broken', 'half')).counts.rows).toMatchObject({ kept: 4, duplicates: 2 });
  });

  test('blank, null and undecodable rows are kept aside as Parquet, each with its reason', async () => {
    const { store } = pipeline;
    const rejects: unknown[] = [];
    for (const commit of await commitsOf(store, { domain: 'broken', run: 'half' }, 'scan')) {
      const columns = REJECT_COLUMNS.map(({ name }) => name);
      for (const { key, row, reason, excerpt } of await readTable(
        store,
        outputOf(commit, REJECTS),
        columns,
      )) {
        rejects.push([key, Number(row), reason, excerpt]);
      }
    }
    expect(rejects).toEqual([
      [A, 1, 'blank', ''],
      [A, 2, 'blank', ' \\x09\\x0a'],
      [A, 3, 'null', null],
      [A, 4, 'invalidUtf8', expect.stringContaining('NOT-TEXT~')],
    ]);
  });

  test('with maxFailedFraction 0 the run fails when nobody decides, at the footer and naming the file', async () => {
    const handle = await pipeline.start(bare('broken', { decisionTimeout: '1s' }), 'none');
    const { type, message } = await failureOf(handle.result());
    expect(type).toBe('TooManyFailedSources');
    expect(message).toContain('1 of 4 sources');
    expect(message).toContain(D);
    expect(Object.keys(await attemptsOf(pipeline.lab.client, handle.workflowId))).not.toContain(
      'scanPartition',
    );
  });

  test('one more than the fraction allows, found while reading, fails it too; nothing is published', async () => {
    const handle = await pipeline.start(
      bare('broken', { maxFailedFraction: 0.25, decisionTimeout: '1s' }),
      'quarter',
    );
    const { type, message } = await failureOf(handle.result());
    expect(type).toBe('TooManyFailedSources');
    expect(message).toContain('2 of 4 sources');
    expect(message).toContain(B);
    const { entry } = await readHead(pipeline.store, 'broken');
    expect(entry.published.map(({ run }) => run)).toEqual(['half']);
  });
});

test.each([
  ['blank rows alone', textFile(['', null, ' ']), '3 rejects (2 blank, 1 null), 0 of 1 sources failed'],
  ['unreadable files alone', new Uint8Array([1, 2, 3]), '1 of 1 sources failed'],
])('%s are nothing to do', async (name, file, said) => {
  const domain = name.replaceAll(' ', '-');
  await pipeline.store.put(`raw/${domain}/a.parquet`, file);
  const { type, message } = await failureOf(pipeline.runIngest(bare(domain, { maxFailedFraction: 1 }), 'r1'));
  expect(type).toBe('NothingToDo');
  expect(message).toContain(said);
});

describe('a run that failed for a broken file, started again', () => {
  const key = (domain: string, name: string): string => `raw/${domain}/${name}.parquet`;
  const first = textFile(['The first file says this.', 'And this is said twice.']);
  const spec = (domain: string): IngestSpec => {
    const { input, ...rest } = bare(domain, { decisionTimeout: '1s' });
    return { ...rest, input: { ...input, partitionBytes: 1_024 } };
  };
  async function failOnce(domain: string): Promise<void> {
    const { store } = pipeline;
    const filler = 'x'.repeat(1_100);
    await store.put(key(domain, 'a'), brokenPage(first));
    await store.put(key(domain, 'b'), textFile(['And this is said twice.', `b ${filler}`]));
    await store.put(key(domain, 'c'), textFile(['And this is said twice.', `c ${filler}`]));
    const { type } = await failureOf(pipeline.runIngest(spec(domain), 'again'));
    expect(type).toBe('TooManyFailedSources');
    expect(await commitsOf(store, { domain, run: 'again' }, 'scan')).toHaveLength(3);
  }
  async function sameAsFresh(domain: string): Promise<void> {
    await Promise.all([pipeline.runIngest(spec(domain), 'again'), pipeline.runIngest(spec(domain), 'fresh')]);
    const [again, fresh] = await Promise.all(
      ['again', 'fresh'].map((run) => canonical(pipeline.store, { domain, run })),
    );
    expect(again).toEqual(fresh);
  }

  test('takes the mended file, and finds what it had read of the others', async () => {
    await failOnce('mended');
    await pipeline.store.put(key('mended', 'a'), first);
    await sameAsFresh('mended');
    expect(await documentsOf('mended', 'again')).toEqual(
      ids([key('mended', 'a'), 0], [key('mended', 'a'), 1], [key('mended', 'b'), 1], [key('mended', 'c'), 1]),
    );
  });

  test('goes on without the file once it is gone, though every other file has moved up in the plan', async () => {
    await failOnce('removed');
    const s3 = s3Client(pipeline.lab.s3);
    await s3.send(new DeleteObjectCommand({ Bucket: pipeline.lab.s3.bucket, Key: key('removed', 'a') }));
    s3.destroy();
    await sameAsFresh('removed');
    expect(await documentsOf('removed', 'again')).toEqual(
      ids([key('removed', 'b'), 0], [key('removed', 'b'), 1], [key('removed', 'c'), 1]),
    );
  });
});
