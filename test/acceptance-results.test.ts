import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scripts } from './acceptance/run.ts';

/** Tiers that no CI runs: what they showed last is committed. */
const kept = scripts().filter(({ tier }) => tier === 'torch' || tier === 'manual');
/** The script that runs these tests, when one does: it has no result yet. */
const running = process.env.INSTRUCT_LAKE_SHOWING;

test.each(kept.filter(({ name }) => name !== running))(
  '$name ($tier) was shown, at a commit that its result names',
  ({ name }) => {
    const file = new URL(`./acceptance/results/${name}.json`, import.meta.url);
    expect(existsSync(file)).toBe(true);
    const result = JSON.parse(readFileSync(file, 'utf8')) as { passed: boolean; commit: string };
    expect(result.passed).toBe(true);
    expect(result.commit).toMatch(/^[0-9a-f]{40}$/);
  },
);
test('there are scripts of the tiers that CI runs', () => {
  expect(scripts().filter(({ tier }) => tier === 'ci').length).toBeGreaterThan(0);
  expect(scripts().filter(({ tier }) => tier === 'readers').length).toBeGreaterThan(0);
});
