import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleSpec } from '../../client/sample/lake.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { BadUsage, SpecConflict } from '../../lake/errors.ts';
import { parseSpec } from '../../lake/spec.ts';
import { type Lab, openLab } from '../lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

// No worker polls this namespace, so what is started stays running.
test('a running run is joined with the same spec, defaults written out or not, and refused with another', async () => {
  expect((await startIngest(lab.client, sampleSpec, 'r1')).attached).toBe(false);
  expect((await startIngest(lab.client, sampleSpec, 'r1')).attached).toBe(true);
  expect((await startIngest(lab.client, parseSpec(sampleSpec), 'r1')).attached).toBe(true);
  const other = { ...sampleSpec, sequenceLength: 512 };
  await expect(startIngest(lab.client, other, 'r1')).rejects.toThrow(SpecConflict);
  expect((await startIngest(lab.client, other, 'r2')).attached).toBe(false);
});
test('a name that is no run is refused before anything is started', async () => {
  await expect(startIngest(lab.client, sampleSpec, 'a/b')).rejects.toThrow(BadUsage);
});
