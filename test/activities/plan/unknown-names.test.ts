import { expect, test } from 'vitest';
import { refuseUnknownNames } from '../../../activities/plan/open-run.ts';
import type { Settings } from '../../../activities/settings.ts';
import { UnknownName } from '../../../lake/errors.ts';
import { parseSpec } from '../../../lake/spec.ts';
import { textSpec } from '../../pipeline.ts';

const endpoint = { urls: ['http://a'], concurrency: 1, timeoutMs: 1, window: 1, newTokens: 1 };
const settings: Settings = {
  lake: { bucket: 'lake', region: 'x' },
  endpoints: { 'gpu-a': endpoint, 'gpu-b': endpoint },
  tokenizers: { llama: { file: 't.json', bos: 'none', eos: 0 } },
  launchers: {},
};
const spec = (changes: object) => parseSpec({ ...textSpec('d'), ...changes });
const { synthesize } = textSpec('d');

test('all that a spec names and the worker does not define is told at once, with what there is and the nearest', () => {
  const wrong = spec({
    synthesize: { ...synthesize, endpoint: 'gpu-c' },
    judge: { endpoint: 'a-quite-different-one' },
    tokenizer: 'lama',
    train: { launcher: 'cluster' },
  });
  const call = () => refuseUnknownNames(wrong, settings);
  expect(call).toThrow(UnknownName);
  expect(call).toThrow(
    'the spec names what the worker\'s configuration does not define: synthesize.endpoint "gpu-c" (did you mean "gpu-a"? It defines "gpu-a", "gpu-b"); ' +
      'judge.endpoint "a-quite-different-one" (it defines "gpu-a", "gpu-b"); ' +
      'tokenizer "lama" (did you mean "llama"? It defines "llama"); train.launcher "cluster" (it defines none)',
  );
});
test('what the worker defines passes, and a name that every object has is none of its own', () => {
  const right = { synthesize: { ...synthesize, endpoint: 'gpu-b' }, tokenizer: 'llama' };
  refuseUnknownNames(spec(right), settings);
  expect(() => refuseUnknownNames(spec({ ...right, tokenizer: 'constructor' }), settings)).toThrow(
    'tokenizer "constructor" (it defines "llama")',
  );
});
