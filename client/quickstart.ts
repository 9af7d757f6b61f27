import { openTokenizer } from '../activities/tokenize/tokenizer.ts';
import { printable } from '../lake/printable.ts';
import { openS3 } from '../lake/s3.ts';
import type { RunRef } from '../workflows/contract.ts';
import { EXIT } from './exit.ts';
import { cancelLocalJobs } from './local-jobs.ts';
import { localParts } from './parts.ts';
import { sampleTokenizerPath } from './sample/index.ts';
import { putSample, sampleSpec } from './sample/lake.ts';
import { showDocument } from './show-document.ts';
import { watchLifetime } from './stack/lifetime.ts';
import { openStack } from './stack/stack.ts';
import { readStack } from './stack/state.ts';
import { startIngest } from './start-ingest.ts';
import { openClient, resolveTarget, type Target } from './target.ts';
import { exitOfState } from './view/run-state.ts';
import { watchRun } from './view/watch.ts';

/** Lines of the document that are shown: enough for a text with its pairs. */
const SHOWN_LINES = 40;

/** The README's first command: servers, sample, run, summary; the exit code. */
export async function quickstart(state: string, note: (line: string) => void): Promise<number> {
  const life = watchLifetime();
  try {
    const running = await readStack(state);
    if (running !== undefined) {
      note(`Using the local stack that runs on ${state}.`);
      return await runSample(state, true, life.signal, note);
    }
    const stack = await openStack({ state, report: note, parts: localParts(undefined), signal: life.signal });
    try {
      return await runSample(state, false, life.signal, note);
    } finally {
      await cancelLocalJobs(state, note);
      await stack.close();
    }
  } catch (error) {
    if (life.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    life.release();
  }
}

async function runSample(
  state: string,
  stays: boolean,
  signal: AbortSignal,
  note: (line: string) => void,
): Promise<number> {
  const target = await resolveTarget({ state });
  if (target.lake === undefined || target.stack === undefined)
    throw new Error(`the stack of ${state} has gone`);
  const store = openS3(target.lake);
  const { client, close } = await openClient(target);
  try {
    const { objects, passages } = await putSample(store);
    note(
      `The sample is in the lake: ${passages} passages and 40 instructions in ${objects} Parquet objects under raw/.`,
    );
    const name = new Date().toISOString().slice(0, 19).replaceAll(':', '');
    const { run, workflowId } = await startIngest(client, sampleSpec, name);
    note(`Started ${workflowId}; Temporal UI: ${target.ui}`);
    const end = await watchRun(target, run, { signal });
    signal.throwIfAborted();
    const code = exitOfState(end);
    if (code === EXIT.failed || code === EXIT.usage) return code;
    note('');
    note('One document as the model will see it:');
    const tokenizer = await openTokenizer({ file: sampleTokenizerPath(), bos: 'none', eos: '<|end|>' });
    const document = await showDocument(store, run, tokenizer);
    const lines = document.split('\n');
    for (const line of lines.slice(0, SHOWN_LINES)) note(`  | ${printable(line)}`);
    if (lines.length > SHOWN_LINES) note(`  … and ${lines.length - SHOWN_LINES} more lines`);
    for (const line of whatNext(target, run, state, stays)) note(line);
    return code;
  } finally {
    store.close();
    await close();
  }
}

function whatNext(target: Target, run: RunRef, state: string, stays: boolean): string[] {
  const at = state === '.instruct-lake' ? '' : ` --state ${state}`;
  const id = `${run.domain}/${run.run}`;
  const up = stays ? `npx instruct-lake status ${id}${at}` : `npx instruct-lake up --detach${at}`;
  return [
    '',
    `Shards, manifest and everything else: bucket ${target.lake?.bucket} at ${target.lake?.endpoint}, runs/${id}/`,
    `On this disk: ${state}/s3/${target.lake?.bucket}/runs/${id}/ (manifest.json names the shards)`,
    `Temporal UI: ${target.ui}/namespaces/${target.namespace}/workflows${stays ? '' : ' (while the stack is up)'}`,
    '',
    'Next:',
    `  ${up.padEnd(56)} ${stays ? 'the run once more, from Temporal and the lake' : 'the stack again, with this data'}`,
    `  ${`npx instruct-lake verify ${id}${at}`.padEnd(56)} look at every byte of the shards`,
    `  ${`npx instruct-lake import FILES… --to raw/mine/${at}`.padEnd(56)} your own Parquet or JSONL; then \`ingest\``,
  ];
}
