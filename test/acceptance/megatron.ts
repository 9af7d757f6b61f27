// tier: torch — Megatron-LM's own IndexedDataset reads the quickstart's shards and sees what numpy sees
import { join } from 'node:path';
import { caseFor, PYTHON, published } from '../readers/published.ts';
import { lake, must, run, scratch, skip } from './lib.ts';

if (PYTHON === undefined) {
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh --torch does');
}
const folder = scratch('megatron');
const state = join(folder, 'state');
const made = await lake(['quickstart', '--state', state]);
must(
  made.code === 0,
  `the quickstart ends with 0${made.code === 0 ? '' : ` (${made.code}):\n${made.stderr}`}`,
);
const [, name = ''] = /^sample\/(\S+) completed/m.exec(made.stdout) ?? [];
const { shards } = published(join(state, 's3', 'lake'), 'sample', name);
must(shards.length > 1, `it left ${shards.length} shards`);
const { code, stderr } = await run(PYTHON, caseFor('read_megatron.py', folder, { shards }), { echo: true });
must(code === 0, `megatron-core and numpy agree on all of them${code === 0 ? '' : `:\n${stderr}`}`);
