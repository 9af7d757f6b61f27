// tier: readers — the real corpus 1:1 with general instructions by tokens; Python readers confirm from the bytes alone what the manifest says
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openS3, type S3Settings } from '../../lake/s3.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { caseFor, type OnDisk, PYTHON, published, rawFiles } from '../readers/published.ts';
import { putUntidy } from '../readers/untidy.ts';
import { DATA, lake, must, run, scratch, skip } from './lib.ts';

// As the command does: the SDK's plans for Node versions are no news to a reader of this.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
if (PYTHON === undefined)
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh does');
const data: string = DATA;
const python: string = PYTHON;

const folder = scratch('corpus');
const state = join(folder, 'state');
const bucket = join(state, 's3', 'lake');
const files = (name: string): string[] => readdirSync(join(data, name)).map((file) => join(data, name, file));

const GPT2 = { file: join(data, 'tokenizers', 'gpt2.json'), eos: '<|endoftext|>', bos: null };
const LLAMA = { file: join(data, 'tokenizers', 'openllama.json'), eos: '</s>', bos: '<s>' };
const INSTRUCTIONS = { prefix: 'raw/instructions/', question: 'instruction', answer: 'response' };

const medical: IngestSpec = {
  domain: 'medical',
  input: { prefix: 'raw/medical/', id: 'id', text: 'text', title: 'title', partitionBytes: 2 ** 20 },
  // The readers count exact duplicates themselves, and every text: near-duplicates have a script of their own.
  dedupe: { near: false },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  tokenizer: 'gpt2',
  sequenceLength: 2048,
  mix: {
    sources: [
      { from: 'augmented', weight: 1 },
      { from: 'instructions', weight: 1, ...INSTRUCTIONS },
    ],
  },
  shards: { bytes: 4_000_000 },
};
/** Duplicates, rejects and failed files there are none of in the corpus; both forms, and a tokenizer of another kind with BOS. */
const untidy: IngestSpec = {
  ...medical,
  domain: 'untidy',
  input: { prefix: 'raw/untidy/', id: 'id', text: 'text' },
  synthesize: { ...medical.synthesize, share: 0.5 },
  tokenizer: 'llama',
  mix: {
    sources: [
      { from: 'raw', weight: 1 },
      { from: 'augmented', weight: 1 },
    ],
  },
  maxFailedFraction: 1,
};

const config = join(folder, 'tokenizers.yaml');
writeFileSync(
  config,
  JSON.stringify({
    tokenizers: {
      gpt2: { file: GPT2.file, eos: GPT2.eos },
      llama: { file: LLAMA.file, eos: LLAMA.eos, bos: LLAMA.bos },
    },
  }),
);
const onStack = (...args: string[]): string[] => [...args, '--state', state];

try {
  await command(onStack('up', '--detach', '--config', config));
  await command(onStack('import', ...files('corpus'), '--to', 'raw/medical/'));
  await command(onStack('import', ...files('instructions'), '--to', INSTRUCTIONS.prefix));
  for (const { key, path } of rawFiles(bucket, 'raw/medical/')) {
    const same = readFileSync(path).equals(
      readFileSync(join(data, 'corpus', key.replace('raw/medical/', ''))),
    );
    must(same, `${key} is the file that was imported, byte for byte`);
  }
  const ingested = await ingest(medical, 0);
  const { counts } = ingested.manifest;
  must(counts.rows.planned === 5140 && counts.rows.kept === 5140, '5,140 documents are planned and kept');
  showFigures(ingested);
  const [, instructions] = ingested.manifest.mix;
  const epochs = ((instructions?.got ?? 0) / (instructions?.unique ?? 1)).toFixed(2);
  must(
    ingested.printed.includes(`${epochs} epochs`),
    `the repeats of the instructions are printed: ${epochs} epochs`,
  );
  must(
    instructions?.got !== undefined && instructions.got + instructions.shortfall === instructions.asked,
    'what was asked is what it got and the counted shortfall',
  );
  if (instructions.shortfall > 0) {
    const short = `${String(instructions.shortfall).replace(/\B(?=(?:\d{3})+$)/g, ',')} tokens SHORT`;
    must(ingested.printed.includes(short), `the shortfall is printed: ${short}`);
  }
  await readAll(ingested, GPT2, medical, 3);

  const { s3 } = JSON.parse(readFileSync(join(state, 'stack.json'), 'utf8')) as { s3: S3Settings };
  const store = openS3(s3);
  await putUntidy(store, untidy.input.prefix, data);
  store.close();
  const rough = await ingest(untidy, 3);
  const { duplicates, rejects, failed } = rough.manifest.counts.rows;
  must(
    duplicates > 273 && rejects > 0 && failed > 0,
    'the untidy collection has duplicates, rejects and rows of failed files',
  );
  await readAll(rough, LLAMA, untidy, 1);
} finally {
  await lake(['down', '--state', state]);
}

async function command(args: string[]): Promise<void> {
  const { code, stdout, stderr } = await lake(args);
  must(
    code === 0,
    `\`instruct-lake ${args[0]}\` ends with 0${code === 0 ? '' : ` (${code}):\n${stdout}${stderr}`}`,
  );
}

/** Runs a spec to its end and looks at it with our own commands. */
async function ingest(
  spec: IngestSpec,
  exit: number,
): Promise<OnDisk & { printed: string; seconds: number }> {
  const { domain } = spec;
  const file = join(folder, `${domain}.json`);
  writeFileSync(file, JSON.stringify(spec));
  const { code, stdout, stderr, seconds } = await lake(onStack('ingest', file, '--run', 'r1', '--watch'), {
    echo: true,
  });
  must(
    code === exit,
    `\`ingest\` of ${domain} ends with ${exit}${code === exit ? '' : ` (${code}):\n${stderr}`}`,
  );
  await command(onStack('verify', `${domain}/r1`));
  const found = published(bucket, domain, 'r1');
  const status = await lake(onStack('status', `${domain}/r1`, '--json'));
  const state = JSON.parse(status.stdout) as { status: string; counts: Record<string, number> };
  const { rows, documents } = found.manifest.counts;
  must(
    state.status === 'completed' &&
      state.counts.plannedRows === rows.planned &&
      state.counts.mixedTokens === documents.mixedTokens,
    `\`status --json\` says completed, ${rows.planned} rows planned and ${documents.mixedTokens} tokens mixed, as the manifest`,
  );
  return { ...found, printed: stdout, seconds };
}

function showFigures({ manifest, seconds }: OnDisk & { seconds: number }): void {
  const { texts, pairs, documents } = manifest.counts;
  const figures = [
    `${seconds.toFixed(0)} s`,
    `${(texts.prompted / seconds).toFixed(1)} texts/s`,
    `${(pairs.valid / texts.prompted).toFixed(2)} pairs a text`,
    `${((100 * texts.linked) / texts.prompted).toFixed(0)} % of the texts linked`,
    `${documents.mixedTokens} tokens in ${documents.mixed} documents and ${manifest.shards.length} shards`,
  ];
  console.log(`  ${figures.join(', ')}`);
  must(manifest.shards.length > 1, `${manifest.shards.length} shards of about 4 MB`);
}

/** The Python readers on a publication. */
async function readAll(
  found: OnDisk,
  tokenizer: typeof GPT2 | typeof LLAMA,
  { domain, input }: IngestSpec,
  chains: number,
): Promise<void> {
  const needed = [input.id, input.title].filter((name) => name !== undefined);
  const instructions = found.manifest.mix.filter(({ source }) => source.startsWith('instructions'));
  const args = caseFor('verify_shards.py', folder, {
    manifest: found.manifestFile,
    shards: found.shards,
    documents: found.documents,
    raw: { text: input.text, needed, files: rawFiles(bucket, input.prefix) },
    instructions: Object.fromEntries(
      instructions.map(({ source }) => [
        source,
        { ...INSTRUCTIONS, files: rawFiles(bucket, INSTRUCTIONS.prefix) },
      ]),
    ),
    tokenizer,
    chains,
  });
  const { code, stderr } = await run(python, args, { echo: true });
  must(code === 0, `the Python readers agree on ${domain}${code === 0 ? '' : `:\n${stderr}`}`);
}
