import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  arithmetic,
  BUCKET_BYTES,
  BUCKET_RECORDS,
  EDGE_BYTES,
  PARTITION_BYTES,
} from '../../bench/scale/arithmetic.ts';
import { ratesOf, readFigures } from '../../bench/scale/figures.ts';
import { PAGE, short, withTables } from '../../bench/scale/page.ts';
import { parseSpec } from '../../lake/spec.ts';
import { RANGE_DOCUMENTS, READS_AT_MOST, RUNS_AT_MOST } from '../../workflows/dedupe-cut.ts';
import { isAsExpected } from '../acceptance/parts/dedupe-truth.ts';
import { textSpec } from '../pipeline.ts';

const figures = readFigures();
const { documents } = figures.corpus;

describe('docs/scale.md', () => {
  const page = readFileSync(PAGE, 'utf8');
  test('has the tables that the figures and the code give; `node --import tsx bench/scale/page.ts` writes them', () => {
    expect(withTables(page, figures)).toBe(page);
  });
  test('names the limits that the code has', () => {
    for (const limit of [RANGE_DOCUMENTS, READS_AT_MOST, RUNS_AT_MOST]) {
      expect(page).toContain(limit.toLocaleString('en-US'));
    }
    expect(parseSpec(textSpec('d')).input.partitionBytes).toBe(PARTITION_BYTES);
  });
});

describe('its formulas, held against the measured run', () => {
  const formula = arithmetic(documents, ratesOf(figures));
  test('partitions and ranges', () => {
    expect(Math.abs(formula.partitions / figures.partitions - 1)).toBeLessThan(0.25);
    expect(formula.ranges).toBe(figures.ranges);
  });
  test('records, and the bytes of them', () => {
    expect(figures.buckets.records).toBe(documents * BUCKET_RECORDS);
    const { combine, find } = figures.stages;
    // Directories are the rest.
    expect(combine.bytesWritten / (documents * BUCKET_BYTES) - 1).toBeGreaterThan(0);
    expect(combine.bytesWritten / (documents * BUCKET_BYTES) - 1).toBeLessThan(0.01);
    expect(find.bytesWritten / (figures.edges.edges * EDGE_BYTES) - 1).toBeLessThan(0.01);
  });
  test('what is held stays under what a worker may hold', () => {
    for (const { rssPeak } of Object.values(figures.stages)) expect(rssPeak).toBeLessThan(1.5e9);
  });
});

test.each(figures.truth.near)('as many near-duplicates at $similarity were found as theory says', (row) => {
  expect(isAsExpected(row)).toBe(true);
});
test('seven of fourteen bands would not have found them', () => {
  const [row] = figures.truth.near.filter(({ similarity }) => similarity === 0.85);
  const { planted = 0, expected = 0 } = row ?? {};
  // By theory at 0.85: 1 − (1 − 0.85^8)^7 of those that share a band of fourteen.
  expect(isAsExpected({ planted, expected, found: Math.round(0.9 * planted) })).toBe(false);
});

test.each([
  [0.5, '0.5 B'],
  [999, '999 B'],
  [1_000, '1 KB'],
  [12_345, '12.3 KB'],
  [999_600, '1 MB'],
  [2_848_522_144, '2849 MB'],
])('%d is written as %s', (value, text) => {
  expect(short(value, [' B', ' KB', ' MB'])).toBe(text);
});
