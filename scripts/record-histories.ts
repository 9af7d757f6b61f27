// Records histories of every workflow type from real runs, for test/integration/histories.test.ts to replay:
//   node --import tsx scripts/record-histories.ts [SCENE…]
// Record again only for a workflow that is new or has branched with `patched`: what is there must go on replaying.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { TEXTS } from '../activities/scan/texts.ts';
import { samplePassages } from '../client/sample/index.ts';
import { putSample, sampleSpec } from '../client/sample/lake.ts';
import { until } from '../client/stack/poll.ts';
import { openStack } from '../client/stack/stack.ts';
import { readHead } from '../lake/log.ts';
import {
  failureOf,
  type History,
  historiesOf,
  historyToPlain,
  pendingNow,
  startedNow,
} from '../test/executions.ts';
import {
  brokenPages,
  commitsOf,
  openPipeline,
  type Pipeline,
  type PipelineOptions,
  putTexts,
  textSpec,
} from '../test/pipeline.ts';
import { type IngestSpec, type Progress, QUEUES } from '../workflows/contract.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test', 'histories');

const state = mkdtempSync(join(tmpdir(), 'instruct-lake-histories-'));
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
try {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  await record('default', code, withAttributes);
  await record('plain', code, withoutAttributes);
  await record('clean', code, decontaminated);
  await record('cancelled', code, cancelled, { delayMs: 30_000 });
  await record('parked', code, parked);
  await record('steered', code, steered, { delayMs: 2_000 });
  await record('nightly', code, nightly);
  await record('replayed', code, replayed);
  await record('remixed', code, remixed);
} finally {
  await stack.close();
  rmSync(state, { recursive: true, force: true });
}

/** A sweep over what a run has published. */
async function remixed({ store, lab, runIngest }: Pipeline): Promise<string[]> {
  await putTexts(
    store,
    'raw/remixed/a.parquet',
    samplePassages()
      .map(({ text }) => text)
      .slice(0, 8),
  );
  await runIngest(textSpec('remixed'), 'r1');
  await lab.client.workflow.execute('remix', {
    workflowId: 'remix/remixed/sweep',
    taskQueue: QUEUES.workflows,
    args: [{ domain: 'remixed', from: { run: 'r1' }, shares: [0.5, 1] }],
  });
  return ['remix/remixed/sweep'];
}

/** A run that is replayed after it has published, and one that is parked and replays in place. */
async function replayed({ store, lab, start, runIngest }: Pipeline): Promise<string[]> {
  const texts = samplePassages().map(({ text }) => text);
  const put = (name: string, some: string[]) => putTexts(store, `raw/replayed/${name}.parquet`, some);
  await put('a', texts.slice(0, 2));
  await store.put('raw/replayed/b.parquet', 'not Parquet');
  await runIngest(textSpec('replayed', { maxFailedFraction: 1, mode: 'incremental' }), 'r1');
  const parked = await start(textSpec('replayed'), 'r2');
  const parkedIn = (phase: string): Promise<true> =>
    until(
      async () => ((await parked.query<Progress>('progress')).parked?.phase === phase ? true : undefined),
      { within: 60_000, what: `it did not park in ${phase}` },
    );
  await parkedIn('plan');
  await store.put('raw/replayed/b.parquet', brokenPages(texts.slice(2, 4)));
  await parked.executeUpdate('replayFailed');
  await parkedIn('scan');
  await put('b', texts.slice(2, 4));
  await parked.executeUpdate('replayFailed');
  await parked.result();
  await lab.client.workflow.execute('replayPartitions', {
    workflowId: 'ingest/replayed/r1',
    taskQueue: QUEUES.workflows,
    args: [{ domain: 'replayed', run: 'r1', sources: 'failed' }],
  });
  return ['ingest/replayed/r1', 'ingest/replayed/r2'];
}

/** Everything, on a namespace with our search attributes: training, and its cancellation. */
async function withAttributes(pipeline: Pipeline): Promise<string[]> {
  await putSample(pipeline.store);
  const spec: IngestSpec = { ...sampleSpec, input: { ...sampleSpec.input, partitionBytes: 16_384 } };
  await pipeline.runIngest(spec, 'r1');

  const training = { domain: 'sample', run: 'r1', launcher: 'endless' };
  const handle = await pipeline.lab.client.workflow.start('trainModel', {
    workflowId: 'train/cancelled',
    taskQueue: 'instruct-lake',
    args: [training],
  });
  const watching = async (): Promise<true | undefined> => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.[0]?.activityType?.name === 'watchTraining' || undefined;
  };
  await until(watching, { within: 60_000, what: 'nobody watched the job' });
  await handle.cancel();
  await handle.result().catch(() => {});
  return ['ingest/sample/r1', 'train/cancelled'];
}

/** A run without training on a namespace without search attributes, and one that parks and fails because nobody decides. */
async function withoutAttributes(pipeline: Pipeline): Promise<string[]> {
  const texts = samplePassages().slice(0, 4);
  await putTexts(
    pipeline.store,
    'raw/plain/a.parquet',
    texts.map(({ text }) => text),
  );
  await pipeline.runIngest(textSpec('plain'), 'r1');
  await pipeline.store.put('raw/plain/b.parquet', 'not Parquet');
  await failureOf(pipeline.runIngest(textSpec('plain', { decisionTimeout: '1s' }), 'r2'));
  return ['ingest/plain/r1', 'ingest/plain/r2'];
}

/** A run whose spec names an evaluation set, with instructions. */
async function decontaminated({ store, runIngest }: Pipeline): Promise<string[]> {
  const texts = samplePassages().slice(0, 4);
  await putTexts(
    store,
    'raw/clean/a.parquet',
    texts.map(({ text }) => text),
  );
  await store.put('eval/clean/a.jsonl', JSON.stringify({ context: texts[0]?.text }));
  const fields = { context: 'context' };
  const { prefix } = textSpec('clean').input;
  const spec = textSpec('clean', {
    decontaminate: { sets: [{ name: 'set', prefix: 'eval/clean/', fields }] },
    mix: {
      sources: [
        { from: 'augmented', weight: 1 },
        { from: 'instructions', prefix, question: 'text', answer: 'text', weight: 1 },
      ],
    },
  });
  await runIngest(spec, 'r1');
  return ['ingest/clean/r1'];
}

/** A run that is cancelled while two partitions of a lane are in a round. */
async function cancelled(pipeline: Pipeline): Promise<string[]> {
  const { client } = pipeline.lab;
  for (const [i, { text }] of samplePassages().slice(0, 2).entries()) {
    await putTexts(pipeline.store, `raw/cancelled/${i}.parquet`, [text, text.toUpperCase()]);
  }
  const spec = textSpec('cancelled');
  const input = { ...spec.input, partitionBytes: 1_024 };
  const handle = await pipeline.start({ ...spec, input }, 'r1');
  const { workflowId } = handle;
  const met = async (): Promise<true | undefined> =>
    (await startedNow(client, workflowId, 'synthesizeRound')) === 2 || undefined;
  await until(met, { within: 60_000, what: 'no two rounds were met' });
  await handle.cancel();
  await handle.result().catch(() => {});
  return [workflowId];
}

/** A run that parks for a source and for the configuration, settles a partition, and goes on in new executions all the while. */
async function parked(pipeline: Pipeline): Promise<string[]> {
  const { store, endpoint, lab } = pipeline;
  for (const [i, { text }] of samplePassages().slice(0, 3).entries()) {
    await putTexts(store, `raw/parked/${i}.parquet`, [text, text.toUpperCase()]);
  }
  await store.put('raw/parked/x.parquet', 'not Parquet');
  const { input, ...rest } = textSpec('parked');
  const spec = { ...rest, input: { ...input, partitionBytes: 1_024 } };
  const handle = await lab.client.workflow.start('ingestDomain', {
    workflowId: 'ingest/parked/r1',
    taskQueue: QUEUES.workflows,
    args: [spec, { historyEvents: 40 }],
  });
  const parkedIn = (phase: string): Promise<true> =>
    until(
      async () => ((await handle.query<Progress>('progress')).parked?.phase === phase ? true : undefined),
      { within: 60_000, what: `it did not park in ${phase}` },
    );
  await parkedIn('plan');
  endpoint.refuse(401);
  await handle.executeUpdate('acceptPartial');
  await parkedIn('synthesize');
  const [scanned] = await commitsOf(store, { domain: 'parked', run: 'r1' }, 'scan');
  for (const { name, key } of scanned?.outputs ?? []) if (name === TEXTS) await store.put(key, 'damaged');
  endpoint.refuse(200);
  await handle.executeUpdate('resume');
  await parkedIn('synthesize');
  await handle.executeUpdate('acceptPartial');
  await handle.result();
  return ['ingest/parked/r1'];
}

/** A run with a ceiling that is lowered, paused, resumed, and given up while it is in its rounds. */
async function steered(pipeline: Pipeline): Promise<string[]> {
  const { store, endpoint, lab } = pipeline;
  const passages = samplePassages().map(({ text }) => text);
  for (let file = 0; file < 4; file++) {
    await putTexts(store, `raw/steered/${file}.parquet`, passages.slice(file * 8, file * 8 + 8));
  }
  const { input, synthesize, ...rest } = textSpec('steered');
  const spec = {
    ...rest,
    input: { ...input, partitionBytes: 1_024 },
    synthesize: { ...synthesize, concurrency: 3 },
  };
  const handle = await pipeline.start(spec, 'r1');
  const rounds = (most: number): Promise<true> =>
    until(
      async () => (await pendingNow(lab.client, handle.workflowId, 'synthesizeRound')) <= most || undefined,
      { within: 60_000, what: `more than ${most} rounds were under way` },
    );
  const asked = async (): Promise<true | undefined> => endpoint.asked.length >= 3 || undefined;
  await until(asked, { within: 60_000, what: 'nobody asked' });
  await handle.executeUpdate('setConcurrency', { args: [{ concurrency: 1 }] });
  await rounds(1);
  await handle.executeUpdate('pause');
  await rounds(0);
  await handle.executeUpdate('resume');
  await handle.executeUpdate('setConcurrency', { args: [{ concurrency: null }] });
  await handle.result();
  return [handle.workflowId];
}

/** Incremental runs: one that holds the domain and is cancelled, one that waits for it (in more than one execution) and publishes, one that finds nothing new. */
async function nightly(pipeline: Pipeline): Promise<string[]> {
  const { store, lab } = pipeline;
  const spec = textSpec('nightly', { mode: 'incremental' });
  await putTexts(store, 'raw/nightly/a.parquet', [samplePassages()[0]?.text ?? '']);
  const holder = await pipeline.start(spec, 'r1');
  const holds = async (): Promise<true | undefined> =>
    (await readHead(store, 'nightly')).entry.open === null ? undefined : true;
  await until(holds, { within: 60_000, what: 'it did not open its domain', every: 5 });
  await holder.executeUpdate('pause');
  const waiter = await lab.client.workflow.start('ingestDomain', {
    workflowId: 'ingest/nightly/r2',
    taskQueue: QUEUES.workflows,
    args: [spec, { askAgainMs: 500, historyEvents: 25 }],
  });
  const first = (await waiter.describe()).runId;
  const anew = async (): Promise<true | undefined> => {
    const { runId } = await lab.client.workflow.getHandle('ingest/nightly/r2').describe();
    return runId === first ? undefined : true;
  };
  await until(anew, { within: 60_000, what: 'it did not go on in a new execution' });
  await holder.cancel();
  await holder.result().catch(() => {});
  await lab.client.workflow.getHandle('ingest/nightly/r2').result();
  const empty = { ...spec, input: { ...spec.input, prefix: 'raw/nothing/' } };
  await pipeline.runIngest(empty, 'r3');
  return ['ingest/nightly/r1', 'ingest/nightly/r2', 'ingest/nightly/r3'];
}

/** Records a scene, unless others were named. */
async function record(
  namespace: string,
  bundle: string,
  scene: (pipeline: Pipeline) => Promise<string[]>,
  options: PipelineOptions = {},
): Promise<void> {
  const named = process.argv.slice(2);
  if (named.length > 0 && !named.includes(namespace)) return;
  const { temporal, s3 } = stack.settings;
  const connection = await Connection.connect({ address: temporal });
  if (namespace !== 'default') {
    const workflowExecutionRetentionPeriod = msToTs('1 day');
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  }
  const client = new Client({ connection, namespace });
  const close = () => connection.close();
  const lab = { address: temporal, namespace, client, s3, bundle, close };
  const pipeline = await openPipeline(lab, {
    ...options,
    trainers: { endless: ['/bin/sh', '-c', 'exec tail -f /dev/null'] },
  });
  try {
    await pipeline.work();
    const seen = new Map<string, number>();
    for (const workflowId of await scene(pipeline)) {
      for (const { type, workflowId: id, history } of await historiesOf(client, workflowId)) {
        const name = id.replace(/^(ingest|train)\//, '').replace(/^[0-9a-f]{32}$/, 'job');
        const times = (seen.get(id) ?? 0) + 1;
        seen.set(id, times);
        const file = `${type}.${name.replaceAll('/', '-')}${times === 1 ? '' : `.${times}`}.json`;
        writeFileSync(join(folder, file), compact(history, pipeline));
        console.log(file);
      }
    }
  } finally {
    await pipeline.close();
  }
}

/** A line for each event, without what belongs to the machine it was recorded on; replay reads none of that. */
function compact(history: History, pipeline: Pipeline): string {
  const { events } = scrub(historyToPlain(history), [
    [pipeline.jobs, '/jobs'],
    [root, './'],
    [pipeline.endpoint.url, 'http://endpoint'],
    [pipeline.lab.s3.endpoint, 'http://s3'],
    [`${process.pid}@${hostname()}`, 'worker'],
    [`${process.pid}-${hostname()}`, 'worker'],
  ]) as { events: object[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

/** Replaces texts everywhere, in the Base64 of payloads too. */
function scrub(value: unknown, replacements: readonly (readonly [string, string])[]): unknown {
  const clean = (text: string): string =>
    replacements.reduce((now, [from, to]) => now.replaceAll(from, to), text);
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((each) => scrub(each, replacements));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key !== 'data' || typeof member !== 'string') return [key, scrub(member, replacements)];
      const text = Buffer.from(member, 'base64').toString('utf8');
      return [key, Buffer.from(clean(text)).toString('base64')];
    }),
  );
}
