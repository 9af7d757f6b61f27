// A stage whose one output is an upload in parts, in a process of its own: node --import tsx upload-process.ts S3.json
import { readFileSync } from 'node:fs';
import { commitStage } from '../../lake/commit.ts';
import { openS3, type S3Settings } from '../../lake/s3.ts';

/** More than two parts of a multipart upload. */
const PIECES = 20;

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < PIECES; i++) yield new Uint8Array(2 ** 20).fill(i);
}

const store = openS3(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as S3Settings);
const input = { stage: 'upload', version: 1, unit: 'global', spec: null, inputs: [], etags: [] };
const { ref } = await commitStage(store, { domain: 'points', run: 'r1' }, input, async (folder) => ({
  outputs: [await folder.write('body.bin', pieces())],
  counts: { pieces: PIECES },
}));
process.stdout.write(`${JSON.stringify(ref)}\n`);
process.exit(0);
