import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../../activities/publish/verify.ts';
import { DROP_COLUMNS, DROPS } from '../../activities/synthesize/drops.ts';
import { readDrops } from '../../client/drops.ts';
import { summaryLines } from '../../client/view/summary.ts';
import { outputOf } from '../../lake/commit.ts';
import { documentId } from '../../lake/identity.ts';
import { nodeArgs } from '../../lake/node-args.ts';
import { readTable } from '../../lake/table.ts';
import { stateOf } from '../client/run-states.ts';
import { openLab } from '../lab.ts';
import { listening } from '../listening.ts';
import { commitsOf, openPipeline, type Pipeline, publicationOf, putTexts, textSpec } from '../pipeline.ts';

/** A model that writes badly: what it answers to each text. */
const ANSWERS: Record<string, string> = {
  'Text one.':
    '<QUE> q <ANS> a </END><QUE> Q <ANS> b </END><QUE> <ANS> c </END><QUE> \u001b[31m <CON> <ANS> d </END><QUE> cut',
  'Text two.': '<QUE> q </END></s><s> <CON> more </CON> <QUE> x <ANS> y </END>',
  'Text three.': '<QUE> q <ANS> a </END>',
};
const REASONS = { repeated: 1, emptyQuestion: 1, leakedMarker: 1, incomplete: 1, noAnswer: 1, afterEnd: 1 };
const RUN = { domain: 'drops', run: 'r1' };
const CLI = fileURLToPath(new URL('../../client/cli.ts', import.meta.url));

let pipeline: Pipeline;
let server: Server;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (request.url === '/v1/models') {
      response.end('{"data":[{"id":"writes-badly"}]}');
      return;
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { prompt } = JSON.parse(body) as { prompt: string };
    const context = /.*<CON> (.*?) <\/CON>/s.exec(prompt)?.[1] ?? '';
    response.end(JSON.stringify({ choices: [{ text: ANSWERS[context] ?? '', finish_reason: 'stop' }] }));
  });
  const { url } = await listening(server);
  pipeline = await openPipeline(await openLab());
  const { settings } = pipeline;
  const bad = { ...settings.endpoints.default, urls: [url] };
  await pipeline.work({ ...settings, endpoints: { default: bad as (typeof settings.endpoints)['default'] } });
  await putTexts(pipeline.store, 'raw/drops/a.parquet', Object.keys(ANSWERS));
  await pipeline.runIngest(textSpec('drops', { dedupe: { near: false } }), 'r1');
}, 120_000);
afterAll(async () => {
  await pipeline?.close();
  server?.close();
});

test('what is dropped is counted by reason in commits and manifest, and the counts balance', async () => {
  const { manifest } = await publicationOf(pipeline.store, RUN);
  const core = await readManifest(pipeline.store, manifest);
  expect(core.counts.pairs).toMatchObject({ valid: 2, dropped: 6, kept: 2 });
  expect(core.counts.pairs.reasons).toEqual(REASONS);
  const counts: Record<string, number> = {};
  for (const commit of await commitsOf(pipeline.store, RUN, 'synthesize')) {
    for (const [name, count] of Object.entries(commit.counts)) {
      if (name.startsWith('drop:')) counts[name.slice(5)] = (counts[name.slice(5)] ?? 0) + count;
    }
  }
  expect(counts).toEqual(REASONS);
  const [line] = summaryLines(stateOf({ status: 'completed', manifest: core })).filter((each) =>
    each.startsWith('  drops'),
  );
  expect(line?.split(/ {2,}/)[2]?.split(', ')).toContain('1 leakedMarker');
});

test('the table of a round has each piece with its place', async () => {
  const segments: unknown[] = [];
  for (const commit of await commitsOf(pipeline.store, RUN, 'synthesize')) {
    const columns = DROP_COLUMNS.map(({ name }) => name);
    for (const row of await readTable(pipeline.store, outputOf(commit, DROPS), columns)) {
      segments.push([row.id, Number(row.row), Number(row.round), row.reason, row.segment]);
    }
  }
  const [first, second] = [documentId('raw/drops/a.parquet', 0), documentId('raw/drops/a.parquet', 1)];
  expect(segments).toEqual(
    expect.arrayContaining([
      [first, 0, 0, 'repeated', '<QUE> Q <ANS> b'],
      [second, 1, 0, 'noAnswer', '<QUE> q'],
      [second, 1, 0, 'afterEnd', '<CON> more </CON> <QUE> x <ANS> y </END>'],
    ]),
  );
});

test('the command shows them from the lake alone, control characters made visible', async () => {
  const { store, lab } = pipeline;
  expect(await readDrops(store, RUN, { reason: 'afterEnd', limit: 9 })).toMatchObject({
    reasons: REASONS,
    matching: 1,
    segments: [{ row: 1, reason: 'afterEnd' }],
  });
  await expect(readDrops(store, { ...RUN, run: 'none' }, { limit: 1 })).rejects.toThrow('there is no run');
  const { bucket, endpoint, accessKeyId, secretAccessKey } = lab.s3;
  // Port 9 is discard: nobody listens there.
  const elsewhere = ['--address', '127.0.0.1:9', '--bucket', bucket, '--s3-endpoint', endpoint];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const drops = (...more: string[]) =>
    promisify(execFile)(process.execPath, [...nodeArgs(), CLI, 'drops', 'drops/r1', ...more, ...elsewhere], {
      env,
    });
  const { stdout } = await drops('--reason', 'leakedMarker');
  expect(stdout).toMatch(/leakedMarker: raw\/drops\/a\.parquet row 0, part 0, round 0, \d+ bytes\n/);
  expect(stdout).toContain('<QUE> \\x1b[31m <CON> <ANS> d');
  const { stdout: json } = await drops('--limit', '2', '--json');
  expect(JSON.parse(json)).toMatchObject({ ...RUN, reasons: REASONS, matching: 6 });
  await expect(drops('--limit', 'many')).rejects.toMatchObject({ code: 2 });
}, 60_000);
