import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { documents } from './documents.ts';
import { TrainerFailure } from './failure.ts';
import { readShardList, reason, type ShardList } from './list.ts';
import { split } from './split.ts';
import { type Metric, type Trained, train } from './train.ts';

const USAGE = `Usage: node main.js --shards LIST.json --output DIR [--steps 10]
Fits a bigram model to Megatron shards and prints the loss on held-out documents after each step.
  --shards  JSON: {"shards": [{"bin": PATH, "idx": PATH}], "vocabSize": N, "eod": ID}; paths relative to the file, eod optional
  --output  folder for metrics.jsonl (a line per step) and model.json (a summary)
  --steps   increments in which the documents are learnt`;

/** Exit codes: 0 done, 1 failed, 2 usage, 143 on SIGTERM, 130 on SIGINT. */
async function main(args: string[]): Promise<number> {
  const options = parse(args);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}\n`);
    return 2;
  }
  const { output, steps } = options;
  try {
    const list = await readShardList(options.shards);
    const metricsFile = join(output, 'metrics.jsonl');
    mkdirSync(output, { recursive: true });
    writeFileSync(metricsFile, '');
    const parts = await split(documents(list));
    const trained = await train(
      () => documents(list),
      parts,
      { vocabSize: list.vocabSize, steps },
      (metric) => {
        appendFileSync(metricsFile, `${JSON.stringify(metric)}\n`);
        process.stdout.write(`${line(metric)}\n`);
      },
    );
    const summary = `${JSON.stringify(summarise(list, parts.documents, trained), null, 2)}\n`;
    const modelFile = join(output, 'model.json');
    writeFileSync(`${modelFile}.part`, summary);
    renameSync(`${modelFile}.part`, modelFile);
    return 0;
  } catch (error) {
    const known = error instanceof TrainerFailure || (error instanceof Error && 'code' in error);
    process.stderr.write(
      `trainer: ${known ? reason(error) : error instanceof Error ? error.stack : error}\n`,
    );
    return 1;
  }
}

function parse(args: string[]): { shards: string; output: string; steps: number } | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        shards: { type: 'string' },
        output: { type: 'string' },
        steps: { type: 'string', default: '10' },
      },
    });
    const { shards, output, steps } = values;
    if (shards === undefined) return 'trainer: --shards is missing';
    if (output === undefined) return 'trainer: --output is missing';
    if (!/^[1-9]\d{0,5}$/.test(steps)) return `trainer: --steps must be a number from 1 on, not ${steps}`;
    return { shards, output, steps: Number(steps) };
  } catch (error) {
    return `trainer: ${reason(error)}`;
  }
}

function line({ step, documents, tokens, loss, heldOutLoss }: Metric): string {
  const learnt = `${documents} documents, ${tokens} tokens`;
  return `step ${step}: ${learnt}, loss ${loss.toFixed(4)}, held-out loss ${heldOutLoss.toFixed(4)}`;
}

function summarise(
  list: ShardList,
  all: number,
  { model, metrics, heldOutDocuments, heldOutTokens }: Trained,
) {
  const last = metrics.at(-1);
  return {
    kind: 'bigram, Witten–Bell smoothing',
    vocabSize: list.vocabSize,
    shards: list.shards.length,
    documents: all,
    trainDocuments: last?.documents ?? 0,
    trainTokens: model.tokens,
    heldOutDocuments,
    heldOutTokens,
    differentTokens: model.types,
    differentPairs: model.pairs.size,
    pairsFull: model.pairs.size >= model.maxPairs,
    steps: metrics.length,
    untrainedLoss: Math.log(list.vocabSize),
    loss: last?.loss ?? null,
    heldOutLoss: last?.heldOutLoss ?? null,
  };
}

process.on('SIGTERM', () => process.exit(143));
process.on('SIGINT', () => process.exit(130));
process.exitCode = await main(process.argv.slice(2));
