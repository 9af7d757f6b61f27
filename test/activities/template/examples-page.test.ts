import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MODES } from '../../../activities/template/pool-file.ts';
import { examplesPage, PAGE } from '../../../scripts/template-examples.ts';

test('the page of examples is what the pools give; `node --import tsx scripts/template-examples.ts` writes it', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(page).toBe(examplesPage());
  expect(page.match(/<pre>/g)?.length).toBe(10 * MODES.length);
});
