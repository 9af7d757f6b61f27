// tier: ci — from tokens of the shards back to raw rows, and from raw rows to tokens again: both ways meet, and what stands there is the same text
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { openTokenizer } from '../../activities/tokenize/tokenizer.ts';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import type { Lineage, TokenLineage } from '../../client/trace/trace.ts';
import { openStream } from '../../lake/random.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { DATA, lake, must, skip } from './lib.ts';
import { stackUp } from './parts/stack.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Tokens that are followed. */
const TOKENS = 12;
const { folder, env, settings } = await stackUp('trace');
const store = openS3(settings.s3);
const there = DATA;
const raw = new Map<string, { id: string; text: string }[]>();
for (const name of ['mplus', 'ninds', 'ghr']) {
  const path = join(there, `corpus/${name}.parquet`);
  await store.put(`raw/med/${name}.parquet`, readFileSync(path));
  const file = await asyncBufferFromFile(path);
  const rows = await parquetReadObjects({ file, columns: ['id', 'text'], compressors });
  raw.set(`raw/med/${name}.parquet`, rows as { id: string; text: string }[]);
}
store.close();
const spec: IngestSpec = {
  domain: 'med',
  input: { prefix: 'raw/med/', id: 'id', text: 'text', title: 'title' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 0.4 },
  tokenizer: 'default',
  sequenceLength: 1024,
  mix: { preset: 'general' },
  shards: { bytes: 1_000_000 },
};
writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
const made = await lake(['ingest', 'spec.json', '--run', 'r1', '--watch'], { cwd: folder, env });
must(made.code === 0, 'a run on three real files ends well');
const exported = await lake(['export', 'med/r1', '--to', 'shards'], { cwd: folder, env });
must(exported.code === 0, 'its shards are here');
const manifest = JSON.parse(readFileSync(join(folder, 'shards/manifest.json'), 'utf8')) as {
  shards: { name: string; tokens: number }[];
};
const tokenizer = await openTokenizer({ file: sampleTokenizerPath(), bos: 'none', eos: '<|end|>' });

async function traced<T extends Lineage>(kind: 'doc' | 'token', what: string): Promise<T> {
  const { code, stdout, stderr } = await lake(['trace', kind, 'med/r1', what, '--json'], {
    cwd: folder,
    env,
  });
  if (code !== 0) throw new Error(`trace ${kind} ${what} exits with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
const textOf = (key: string, row: number): string => raw.get(key)?.[row]?.text ?? '';

const random = openStream('acceptance', 'trace', 'tokens');
let chains = 0;
let spans = 0;
for (let i = 0; i < TOKENS; i++) {
  const shard = random.pick(manifest.shards);
  const offset = random.below(shard.tokens);
  const token = await traced<TokenLineage>('token', `${shard.name}:${offset}`);
  const place = token.places.find(
    (each) => each.shard === shard.name && each.start <= offset && offset < each.end,
  );
  if (place === undefined)
    throw new Error(`NOT SO: token ${shard.name}:${offset} lies in no place of its document`);
  const ids = new Uint16Array(new Uint8Array(readFileSync(join(folder, `shards/${shard.name}.bin`))).buffer);
  const text = await tokenizer.decode(ids.slice(place.start, place.end - 1));
  const document = token.documents?.find(({ id }) => id === place.id);
  if (document?.text !== text)
    throw new Error(`NOT SO: document ${place.id} is not what its tokens decode to`);
  const texts = (token.texts ?? []).filter(({ key, row }) => text.includes(textOf(key, row)));
  if (texts.length === 0) throw new Error(`NOT SO: no raw row that it names stands in ${place.id}`);
  for (const { pairs } of token.texts ?? []) {
    for (const pair of pairs)
      if (!pair.dropped && texts.length === token.texts?.length) spans += Number(text.includes(pair.answer));
  }
  if (token.template) chains++;
  const [first] = texts;
  const back = await traced<Lineage>('doc', `${first?.key}:${first?.row}`);
  const leads = back.places.some((each) => each.shard === shard.name && each.start === place.start);
  const raw1 = await traced<Lineage>('doc', place.unit);
  if (!raw1.places.some((each) => each.shard === shard.name && each.start === place.start)) {
    throw new Error(`NOT SO: ${place.unit} does not lead back to ${shard.name}:${place.start}`);
  }
  if (!leads)
    throw new Error(
      `NOT SO: raw row ${first?.key}:${first?.row} does not lead to ${shard.name}:${place.start}`,
    );
}
must(
  chains > 0 && chains < TOKENS,
  `${TOKENS} tokens lead to their raw rows and back, ${chains} of them by a chain and its template, the others by raw text`,
);
must(spans > 0, `${spans} answers that a trace names stand in the documents`);

const duplicates = await lake(['duplicates', 'med/r1', '--json'], { cwd: folder, env });
const { clusters } = JSON.parse(duplicates.stdout) as {
  clusters: { kept: { key: string; row: number }; dropped: { key: string; row: number }[] }[];
};
const [cluster] = clusters;
const [dropped] = cluster?.dropped ?? [];
const gone = await traced<Lineage>('doc', `${dropped?.key}:${dropped?.row}`);
must(
  gone.places.length === 0 &&
    gone.duplicates.some(
      ({ keptKey, keptRow }) => keptKey === cluster?.kept.key && keptRow === cluster.kept.row,
    ),
  'a row that was dropped leads to the one that it was dropped for, and to no token',
);
const [shown] = manifest.shards;
const people = await lake(['trace', 'token', 'med/r1', `${shown?.name}:1000`], { cwd: folder, env });
must(
  people.code === 0 && /^token .* is token \d+ of document [0-9a-f]{32}/.test(people.stdout),
  `for people:\n${people.stdout}`,
);
const nobody = await lake(['trace', 'doc', 'med/r1', 'f'.repeat(32)], { cwd: folder, env });
must(
  nobody.code === 2 && nobody.stderr.includes('no document, text or chain'),
  'what is not there is said so, exit code 2',
);
