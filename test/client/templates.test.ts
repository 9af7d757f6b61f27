import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MODES, type Mode } from '../../activities/template/pool-file.ts';
import { painted } from '../../client/templates/painted.ts';
import {
  type PreviewedDocument,
  type PreviewRequest,
  previewTemplates,
} from '../../client/templates/preview.ts';
import { poolsStatistics } from '../../client/templates/stats.ts';
import { modeLine, poolLines } from '../../client/templates/stats-lines.ts';
import { BadImport } from '../../lake/errors.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'templates-'));
  file = join(folder, 'pairs.jsonl');
  const two = [
    { question: 'What is the Po?', answer: 'A river.' },
    { question: 'Where?', answer: 'Italy', options: ['Italy', 'Spain'] },
  ];
  const rows = [
    { context: 'The Po is a river of Italy.', pairs: two },
    { context: 'No pairs.', pairs: [] },
    { context: 'Garda is a lake.', QA_list: [{ Q: 'What is Garda?', A: 'A lake.' }] },
    { context: 'Como is a lake.', pairs: two },
  ];
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});
afterAll(() => rm(folder, { recursive: true }));

async function preview(request: Partial<PreviewRequest> = {}) {
  const whole = { file, seed: 's', variant: 0, texts: 1, limit: 10, ...request };
  const documents: PreviewedDocument[] = [];
  for await (const document of previewTemplates(whole)) documents.push(document);
  return documents;
}

test('rows with pairs that follow each other are chains; a seed gives the same documents again', async () => {
  const alone = await preview();
  expect(alone.length).toBe(3);
  expect(await preview()).toEqual(alone);
  expect((await preview({ limit: 2 })).length).toBe(2);
  const [chain, rest] = await preview({ texts: 2 });
  expect(chain?.text).toContain('The Po is');
  expect(chain?.text).toContain('Garda is');
  expect(rest?.text).toContain('Como is');
  expect(await preview({ seed: 't' })).not.toEqual(alone);
});

test.each([...MODES])('only %s, of texts that have enough pairs for it', async (mode: Mode) => {
  const documents = await preview({ mode });
  expect(new Set(documents.map((each) => each.mode))).toEqual(new Set([mode]));
  expect(documents.length).toBe(['numbered', 'few-shot', 'next-turn'].includes(mode) ? 2 : 3);
});

test('a file with nothing to render is refused', async () => {
  const empty = join(folder, 'empty.jsonl');
  await writeFile(empty, '{"context": "A", "pairs": []}\n');
  await expect(preview({ file: empty })).rejects.toThrow(BadImport);
});

test('data is coloured by its kind, and harmless', () => {
  const text = 'A\u001b[31mB\nQ: C';
  const spans = [
    { kind: 'context' as const, start: 0, end: 7 },
    { kind: 'question' as const, start: 11, end: 12 },
  ];
  expect(painted({ text, spans }, false)).toBe('A\\x1b[31mB\nQ: C');
  expect(painted({ text, spans }, true)).toBe('\u001b[2mA\\x1b[31mB\u001b[22m\nQ: \u001b[36mC\u001b[39m');
});

test('statistics as a table, and the modes of a run', () => {
  const pools = poolsStatistics();
  const [head, plain] = poolLines({ plain: pools.plain as (typeof pools)[string] });
  expect(head).toMatch(/^pool {3}wordings {2}skeletons {2}effective {2}plain$/);
  expect(plain).toMatch(/^plain {2} +\d+ {2} +\d+ {2} +\d+\.\d {2} +\d+ %$/);
  expect(modeLine({ chains: 4, modes: { classic: 3, numbered: 1 } })).toBe(
    '4 chains: classic 75.0 %, numbered 25.0 %',
  );
});
