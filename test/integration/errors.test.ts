import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { indexBenchmarks } from '../../activities/benchmarks/index-benchmarks.ts';
import { publishRun } from '../../activities/publish/publish-run.ts';
import { openPulse } from '../../activities/pulse.ts';
import { closeDomain, openDomain } from '../../activities/segment/open-domain.ts';
import { openEndpointClient } from '../../activities/synthesize/endpoint/client.ts';
import { loadLibrary } from '../../activities/synthesize/generators/prompt-library.ts';
import { loadPools } from '../../activities/template/pools.ts';
import { commandLauncher } from '../../activities/train/command-launcher.ts';
import { watched } from '../../activities/watch.ts';
import type { Work } from '../../activities/work.ts';
import { importPaths } from '../../client/import/import.ts';
import { retractRun } from '../../client/retract-run.ts';
import { parseRun } from '../../client/run-name.ts';
import { obtainVersitygw } from '../../client/stack/obtain.ts';
import { until } from '../../client/stack/poll.ts';
import { startS3 } from '../../client/stack/servers.ts';
import { openClient } from '../../client/target.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { commitStage, outputOf, readChecked } from '../../lake/commit.ts';
import { ERRORS, LakeError } from '../../lake/errors.ts';
import { append, readHead, withPublication } from '../../lake/log.ts';
import { readFooter } from '../../lake/parquet/footer.ts';
import { openS3 } from '../../lake/s3.ts';
import { readConfig } from '../../worker/config.ts';
import { openThreads, runInThread } from '../../worker/threads.ts';
import { type IngestSpec, type Progress, type PublishInput, QUEUES } from '../../workflows/contract.ts';
import { openChatEndpoint } from '../chat-endpoint.ts';
import { failureOf } from '../executions.ts';
import { publicationOf, putTexts, SYNTHESIZE, textSpec } from '../pipeline.ts';

import {
  activity,
  answering,
  CLOSED,
  failedRun,
  file,
  folder,
  open,
  ownS3,
  type Provocation,
  pipeline,
  plannedFailure,
  served,
  servers,
  texts,
  thrown,
  withEndpoint,
  withLake,
} from './provoke.ts';

const SPEC = textSpec('d');

/** One real provocation of every class of the registry: a new class needs a row here. */
const PROVOCATIONS: Record<keyof typeof ERRORS, Provocation> = {
  CorruptParquet: {
    async provoke() {
      await pipeline.store.put('raw/corrupt/a.parquet', 'PAR1 this is no Parquet file PAR1');
      return plannedFailure('corrupt');
    },
    says: [/s3:\/\/.+\/raw\/corrupt\/a\.parquet/],
  },
  SchemaMismatch: {
    async provoke() {
      await putTexts(pipeline.store, 'raw/schema/a.parquet', texts);
      return plannedFailure('schema', { input: { prefix: 'raw/schema/', text: 'txet' } });
    },
    says: ['raw/schema/a.parquet', 'txet', 'text'],
  },
  InputChanged: {
    async provoke() {
      const key = 'raw/changed/a.parquet';
      await putTexts(pipeline.store, key, texts);
      const planned = await pipeline.store.head(key);
      await putTexts(pipeline.store, key, texts.slice(1));
      return thrown(() => readFooter(pipeline.store, { key, etag: '', size: 0, ...planned }));
    },
    says: ['raw/changed/a.parquet', 'replay'],
  },
  SourceUnversioned: {
    async provoke() {
      const { s3, root } = await ownS3('copied');
      const store = openS3(s3);
      await putTexts(store, 'elsewhere/a.parquet', texts);
      store.close();
      mkdirSync(join(root, 'raw', 'copied'), { recursive: true });
      copyFileSync(join(root, 'elsewhere', 'a.parquet'), join(root, 'raw', 'copied', 'a.parquet'));
      const settings = { lake: s3 };
      const spec = textSpec('copied', { maxFailedFraction: 1 });
      const run = { domain: 'copied', run: 'r1' };
      await activity('openRun', { workflowId: 'ingest/copied/r1', spec }, settings);
      const { failures = [] } = await activity('planSources', { run }, settings);
      return { name: failures[0]?.type ?? '', message: failures[0]?.message ?? '' };
    },
    says: ['raw/copied/a.parquet', 'import'],
  },
  BadRequest: {
    async provoke() {
      // The embedded endpoint refuses what it cannot use, as inference servers do.
      const settings = pipeline.settings.endpoints.default;
      if (settings === undefined) throw new Error('no endpoint');
      const client = openEndpointClient('default', settings);
      const body = { model: 'instruct-lake-rules', prompt: '<s> <CON> x </CON>', max_tokens: -1 };
      const sizes = { promptTokens: 9, maxTokens: 1 };
      const request = { path: '/v1/completions' as const, body, id: 'r17', affinity: 's', ...sizes };
      return thrown(() => client.complete(request)).finally(client.close);
    },
    says: ['endpoint default', 'request r17', '400'],
  },
  Unanswerable: {
    async provoke() {
      // A server that breaks down over one prompt and answers others.
      const server = createServer(async (asked, response) => {
        let body = '';
        for await (const chunk of asked) body += String(chunk);
        if (body.includes('poison')) response.writeHead(500).end('out of luck');
        else response.end(JSON.stringify({ choices: [{ text: 'x', finish_reason: 'stop' }] }));
      });
      const { url } = await served(server);
      const settings = pipeline.settings.endpoints.default;
      if (settings === undefined) throw new Error('no endpoint');
      const client = openEndpointClient('default', { ...settings, urls: [url] });
      const body = { model: 'm', prompt: 'poison' };
      const sizes = { promptTokens: 9, maxTokens: 1 };
      const request = { path: '/v1/completions' as const, body, id: 'r18', affinity: 's', ...sizes };
      return thrown(() => client.complete(request)).finally(client.close);
    },
    says: ['endpoint default', 'request r18', 'replica 127.0.0.1', "server's log", 'out of luck'],
  },
  ActivityStalled: {
    async provoke() {
      const entry = new URL('../worker/odd-task.ts', import.meta.url);
      const threads = openThreads(pipeline.settings, 1, () => {}, entry);
      const pulse = openPulse();
      const { signal } = new AbortController();
      const task = { stage: 'scanPartition', input: 'loops for ever', pulse } as const;
      const hung = await thrown(() =>
        watched(
          { activity: 'scanPartition', pulse, signal, stallMs: 1000, beatMs: 100, beat: () => {} },
          (givenUp) => runInThread(threads, task, givenUp, 1),
        ),
      );
      await threads.destroy();
      return hung;
    },
    says: ['scanPartition', 'tried again'],
  },
  EndpointUnavailable: {
    provoke: () => open(SPEC, withEndpoint({ urls: [CLOSED] })),
    says: ['endpoint default', 'does not answer'],
  },
  StoreUnavailable: {
    provoke: () => open(SPEC, withLake({ endpoint: CLOSED })),
    says: [/s3:\/\/.+index\/\.probe/],
  },
  TemporalUnavailable: {
    provoke: () =>
      thrown(() =>
        openClient({
          connection: { address: '127.0.0.1:9' },
          namespace: 'default',
          lake: undefined,
          ui: undefined,
          stack: undefined,
          chosen: true,
          said: 'Temporal at 127.0.0.1:9',
        }),
      ),
    says: ['127.0.0.1:9', '--address'],
  },
  ServerFailed: {
    provoke() {
      const state = join(folder, 'fails');
      mkdirSync(join(state, 'logs'), { recursive: true });
      const broken = join(folder, 'broken-server');
      writeFileSync(broken, '#!/bin/sh\necho disk is full >&2\nexit 4\n', { mode: 0o755 });
      const ports = { s3: 9 } as Parameters<typeof startS3>[1]['ports'];
      return thrown(() => startS3(broken, { state, ports, s3: { ...pipeline.lab.s3, endpoint: CLOSED } }));
    },
    says: ['S3', 'exit code 4', 'disk is full'],
  },
  LauncherUnavailable: {
    provoke() {
      const directory = join(file('a-file', 'x'), 'jobs');
      return thrown(() =>
        commandLauncher({ command: ['true'], directory }).ensure({ name: 'j1', input: {} }),
      );
    },
    says: ['j1', 'a-file'],
  },
  AccessDenied: {
    provoke: () => open(SPEC, withLake({ secretAccessKey: 'not-the-secret' })),
    says: [/s3:\/\//, 'credentials'],
  },
  BucketNotFound: {
    provoke: () => open(SPEC, withLake({ bucket: 'no-such-bucket' })),
    says: ['no-such-bucket', 'create it'],
  },
  StoreUnfit: {
    async provoke() {
      const { s3 } = await ownS3('unfit', ['--nometa']);
      return open(SPEC, { lake: s3 });
    },
    says: ['If-None-Match', 'index/.probe', 'use a store'],
  },
  ModelNotFound: {
    provoke: () => open(SPEC, withEndpoint({ model: 'nobody-serves-this' })),
    says: ['endpoint default', 'nobody-serves-this', 'instruct-lake-rules'],
  },
  ResponseFormatRefused: {
    async provoke() {
      const chat = await openChatEndpoint({ refuses: ['json_schema'] });
      servers.push(chat.close);
      return open(
        textSpec('d', { synthesize: { ...SYNTHESIZE, generator: 'chat' } }),
        withEndpoint({ urls: [chat.url], newTokens: 800 }),
      );
    },
    says: ['endpoint default', 'json_schema', 'structuredOutput: "json_object", or "none"', 'configuration'],
  },
  EndpointUnauthorized: {
    provoke: async () => open(SPEC, withEndpoint({ urls: [await answering(401)] })),
    says: ['endpoint default', 'environment variable'],
  },
  EndpointUntrusted: {
    async provoke() {
      const server = createServer((_, response) =>
        response.writeHead(307, { location: 'http://elsewhere.example/v1/models' }).end(),
      );
      return open(SPEC, withEndpoint({ urls: [(await served(server)).url] }));
    },
    says: ['endpoint default', 'http://elsewhere.example', '"url"'],
  },
  UnknownName: {
    provoke: () => open(textSpec('d', { synthesize: { ...SYNTHESIZE, endpoint: 'defualt' } })),
    says: ['defualt', 'default'],
  },
  BadTokenizer: {
    provoke: () =>
      open(SPEC, { tokenizers: { default: { file: file('t.json', '{}'), bos: 'none', eos: 0 } } }),
    says: ['t.json'],
  },
  PinMismatch: {
    async provoke() {
      await activity('openRun', { workflowId: 'ingest/d/pinned', spec: SPEC });
      return open(SPEC, withEndpoint({ newTokens: 300 }), 'pinned');
    },
    says: ['runs/d/pinned/run.json', 'generator', 'start a new run'],
  },
  InvalidConfig: {
    provoke: () => thrown(() => readConfig(file('worker.yaml', 'lake: { buckte: lake }'), {})),
    says: ['worker.yaml', 'buckte', 'bucket'],
  },
  BadBenchmark: {
    async provoke() {
      const fields = { question: 'question' };
      const sets = [{ name: 'squad', prefix: 'eval/none/', fields }];
      const run = { domain: 'd', run: 'benchmarks' };
      await activity('openRun', {
        workflowId: 'ingest/d/benchmarks',
        spec: { ...SPEC, decontaminate: { sets } },
      });
      const { store, settings } = pipeline;
      return thrown(() => indexBenchmarks({ store, settings, checkCancelled() {} }, { run }));
    },
    says: ['squad', 'eval/none/', '*.jsonl'],
  },
  ServerUnobtainable: {
    async provoke() {
      const before = process.env.VERSITYGW;
      process.env.VERSITYGW = join(folder, 'not-there');
      try {
        return await thrown(() => obtainVersitygw(join(folder, 'cache'), () => {}));
      } finally {
        if (before === undefined) delete process.env.VERSITYGW;
        else process.env.VERSITYGW = before;
      }
    },
    says: ['VERSITYGW', 'not-there'],
  },
  InvalidSpec: {
    provoke: () => open({ ...SPEC, sequenceLength: 3 }),
    says: ['sequenceLength'],
  },
  BadPools: {
    provoke: () => thrown(() => loadPools({ 'pairs.json': { language: 'en', pools: { plian: {} } } })),
    says: ['pairs.json'],
  },
  BadPrompts: {
    provoke: () => thrown(() => loadLibrary({ frame: '{task}', again: 'Again.' })),
    says: ['frame.md: {pairs} is missing', 'faq.md'],
  },
  RunPublished: {
    async provoke() {
      const domain = 'published';
      const spec = textSpec(domain);
      await putTexts(pipeline.store, `raw/${domain}/a.parquet`, texts.slice(0, 2));
      await pipeline.runIngest(spec, 'r1');
      await putTexts(pipeline.store, `raw/${domain}/b.parquet`, texts.slice(2));
      return failedRun(spec, 'r1');
    },
    says: ['r1', 'publication.json', '--run'],
  },
  DomainTaken: {
    async provoke() {
      const { store } = pipeline;
      const publication = { key: 'p', sha256: '0' };
      await append(store, 'taken', (state) =>
        withPublication(state, { run: 'full', generation: 1, mode: 'full', publication }),
      );
      await openDomain({ store }, { run: { domain: 'taken', run: 'night' } });
      return thrown(() => retractRun(store, { domain: 'taken', run: 'full' }, true));
    },
    says: ['run night holds the domain', 'abandon <domain>/night'],
  },
  DomainLost: {
    async provoke() {
      const { store, endpoint } = pipeline;
      const run = { domain: 'lost', run: 'night' };
      await putTexts(store, 'raw/lost/a.parquet', texts);
      const handle = await pipeline.start(textSpec('lost', { mode: 'incremental' }), run.run);
      const held = async (): Promise<true | undefined> =>
        (await readHead(store, 'lost')).entry.open === null ? undefined : true;
      await until(held, { within: 60_000, what: 'it did not open its domain', every: 5 });
      endpoint.refuse(401);
      const parks = async (): Promise<true | undefined> =>
        (await handle.query<Progress>('progress')).parked === null ? undefined : true;
      await until(parks, { within: 60_000, what: 'it did not park' });
      await closeDomain({ store }, { run });
      endpoint.refuse(200);
      await handle.executeUpdate('resume');
      const { type, message, nonRetryable } = await failureOf(handle.result());
      return { name: type, message, final: nonRetryable };
    },
    says: ['run night', 'nobody holds it', 'start it again'],
  },
  SpecConflict: {
    async provoke() {
      await activity('openRun', { workflowId: 'ingest/d/conflict', spec: SPEC });
      return open({ ...SPEC, seed: 'other' }, {}, 'conflict');
    },
    says: ['runs/d/conflict/run.json', 'seed', '--run'],
  },
  BadUsage: { provoke: () => thrown(() => parseRun('biomed')), says: ['biomed', '<domain>/<run>'] },
  RunNotFound: {
    provoke: () => thrown(() => verifyRun(pipeline.store, { domain: 'd', run: 'never' }, () => {})),
    says: ['never', 'status d/never'],
  },
  NothingToReplay: {
    async provoke() {
      await putTexts(pipeline.store, 'raw/well/a.parquet', texts.slice(0, 2));
      await pipeline.runIngest(textSpec('well'), 'r1');
      const replay = pipeline.lab.client.workflow.execute('replayPartitions', {
        workflowId: 'ingest/well/r1',
        taskQueue: QUEUES.workflows,
        args: [{ domain: 'well', run: 'r1', sources: 'failed' }],
      });
      const { type, message, nonRetryable } = await failureOf(replay);
      return { name: type, message, final: nonRetryable };
    },
    says: ['well/r1', 'none of its sources has failed'],
  },
  BadImport: {
    provoke() {
      const paths = [file('bad.jsonl', '{"text": 1}\nnot json\n')];
      return thrown(() => importPaths({ store: pipeline.store, paths, to: 'raw/bad/' }));
    },
    says: ['bad.jsonl', 'line 2'],
  },
  TooManyFailedSources: {
    async provoke() {
      await putTexts(pipeline.store, 'raw/many/a.parquet', texts);
      await pipeline.store.put('raw/many/b.parquet', 'no Parquet');
      return failedRun(textSpec('many', { maxFailedFraction: 0.4, decisionTimeout: '1s' }), 'r1');
    },
    says: ['1 of 2', 'maxFailedFraction', 'raw/many/b.parquet'],
  },
  NothingToDo: {
    provoke: () => failedRun(textSpec('nothing'), 'r1'),
    says: [/s3:\/\/.+\/raw\/nothing\//, 'import'],
  },
  MixShortfall: {
    provoke() {
      const sources: IngestSpec['mix']['sources'] = [
        { from: 'augmented', weight: 1 },
        { from: 'raw', weight: 1 },
      ];
      return failedRun(textSpec('d', { mix: { sources } }), 'short');
    },
    says: ['raw', 'mix.sources'],
  },
  TrainingFailed: {
    provoke: () => failedRun(textSpec('d', { train: { launcher: 'failing' } }), 'trained'),
    says: ['exited with code 3', 'out of memory'],
  },
  CorruptLake: {
    async provoke() {
      const input = { stage: 'errors', version: 1, unit: 'x', spec: null, inputs: [], etags: [] };
      const { commit } = await commitStage(
        pipeline.store,
        { domain: 'd', run: 'torn' },
        input,
        async (attempt) => ({ outputs: [await attempt.put('a.json', 'right')], counts: {} }),
      );
      const output = outputOf(commit, 'a.json');
      await pipeline.store.put(output.key, 'wrong');
      return thrown(() => readChecked(pipeline.store, output));
    },
    says: [/s3:\/\/.+\/a\.json/, 'hash'],
  },
  VerifyFailed: {
    async provoke() {
      const run = { domain: 'd', run: 'rotten' };
      await pipeline.runIngest(SPEC, run.run);
      const { provenance, shards } = await publicationOf(pipeline.store, run);
      const body = (await pipeline.store.find(shards[0]?.bin.key ?? '')) ?? new Uint8Array();
      await pipeline.store.put(
        shards[0]?.bin.key ?? '',
        body.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
      );
      // Published anew from the same commits, in another order: another fingerprint, so that it is all looked at again.
      const bytes = await readChecked(pipeline.store, provenance);
      const { input } = JSON.parse(new TextDecoder().decode(bytes)) as { input: PublishInput };
      const { store, settings } = pipeline;
      const work = { store, settings, checkCancelled: () => {} } as Work;
      return thrown(() => publishRun(work, { ...input, scans: [...input.scans, ...input.scans] }));
    },
    says: ['d/rotten', 'is not published', 'shard-00000'],
  },
  Unreachable: {
    provoke: () => thrown(() => commandLauncher({ command: ['true'], directory: folder }).poll('../escape')),
    says: ['../escape'],
  },
};

test('every class of the registry is provoked here', () => {
  expect(Object.keys(PROVOCATIONS).sort()).toEqual(Object.keys(ERRORS).sort());
});
test.each(Object.entries(PROVOCATIONS))('%s, for real', async (name, { provoke, says }) => {
  const error = await provoke();
  expect(error.name).toBe(name);
  const known = ERRORS[name as keyof typeof ERRORS];
  if (error instanceof LakeError) expect(error).toBeInstanceOf(known);
  // What the family says of another attempt is what Temporal is told.
  const { family } = new known('');
  if ('final' in error) expect(error.final).toBe(['input', 'configuration', 'usage'].includes(family));
  for (const said of says) expect(error.message).toMatch(typeof said === 'string' ? literally(said) : said);
});
const literally = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
