import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPartitions, type PlannedPiece } from '../../../activities/plan/partitions.ts';
import { type MappedEntry, replayEntries, shiftEntries } from '../../../activities/plan/replay-entries.ts';
import type { ReadSource } from '../../../activities/plan/sources.ts';

const TARGET = 1_000;

/** A source of blocks of so many bytes of text, ten rows each. */
function source(ordinal: number, blocks: readonly number[], etag = 'old'): ReadSource {
  const pieces: PlannedPiece[] = blocks.map((textBytes, i) => ({ firstRow: i * 10, rows: 10, textBytes }));
  return {
    source: {
      ordinal,
      key: `raw/${ordinal}.parquet`,
      etag,
      size: 1,
      rows: blocks.length * 10,
      failure: null,
    },
    pieces,
    rowGroups: [],
    maps: [],
  };
}
const planned = (sources: readonly ReadSource[]): MappedEntry[] =>
  cutPartitions(sources, TARGET).map((entry) => ({ entry, maps: [] }));
/** For each source and ETag the rows that partitions hold, in order. */
function rowsOf(entries: readonly MappedEntry[]): Record<string, [number, number][]> {
  const rows: Record<string, [number, number][]> = {};
  for (const { entry } of entries) {
    for (const { key, etag, rowStart, rowEnd } of entry.runs) {
      const own = rows[`${key} ${etag}`] ?? [];
      rows[`${key} ${etag}`] = own;
      const last = own.at(-1);
      if (last?.[1] === rowStart) last[1] = rowEnd;
      else own.push([rowStart, rowEnd]);
    }
  }
  return rows;
}
const idsOf = (entries: readonly MappedEntry[]): string[] => entries.map(({ entry }) => entry.id);

describe('the partitions of a later generation', () => {
  test('are those of before where nothing is read anew, and know themselves as where answers lie', () => {
    const before = planned([source(0, [400, 400]), source(1, [900])]);
    const after = replayEntries(before, { reread: [], again: new Set() }, TARGET);
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after.map(({ entry }) => entry.earlier)).toEqual(idsOf(before).map((id) => [id]));
    expect(after.every(({ entry }) => entry.again === undefined)).toBe(true);
  });

  test('hold a source that was read anew by itself, and what is left of its partition where it was', () => {
    const before = planned([source(0, [300]), source(1, [300]), source(2, [300])]);
    expect(before).toHaveLength(1);
    const after = replayEntries(before, { reread: [source(1, [300, 300], 'new')], again: new Set() }, TARGET);
    expect(after.map(({ entry }) => entry.runs.map(({ key, etag }) => `${key} ${etag}`))).toEqual([
      ['raw/0.parquet old'],
      ['raw/1.parquet new'],
      ['raw/2.parquet old'],
    ]);
    const [id] = idsOf(before);
    expect(after.map(({ entry }) => entry.earlier)).toEqual([[id], [id], [id]]);
  });

  test('are looked at again where a source failed that is the same, once more with each replay', () => {
    const before = planned([source(0, [900]), source(1, [900])]);
    const once = replayEntries(before, { reread: [], again: new Set([1]) }, TARGET);
    const twice = replayEntries(once, { reread: [], again: new Set([1]) }, TARGET);
    expect(once.map(({ entry }) => entry.again)).toEqual([undefined, 1]);
    expect(twice.map(({ entry }) => entry.again)).toEqual([undefined, 2]);
    expect(idsOf(twice)).toEqual(idsOf(before));
  });

  test('have every row of every source once, as it is now, and nothing of what was', () => {
    const blocks = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ old: blocks, now: fc.option(blocks), unread: fc.boolean() }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.nat({ max: 20 }),
        (drawn, shift) => {
          const old = drawn.map(({ old }, i) => source(i, old));
          // What could not be read before has no partition yet.
          const before = planned(old.filter((_, i) => !drawn[i]?.unread));
          const reread = drawn.flatMap(({ now }, i) => (now === null ? [] : [source(i, now, 'new')]));
          const left = new Set(reread.map((each) => each.source.ordinal));
          const after = replayEntries(before, { reread, again: new Set() }, TARGET);
          const expected = rowsOf(
            planned([...old.filter((_, i) => !drawn[i]?.unread && !left.has(i)), ...reread]),
          );
          expect(rowsOf(after)).toEqual(expected);
          const firsts = after.map(({ entry }) => entry.runs[0]?.source ?? -1);
          expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
          for (const { entry } of before) {
            if (entry.runs.some((run) => left.has(run.source))) continue;
            expect(idsOf(after)).toContain(entry.id);
          }
          const shifted = shiftEntries(after, shift);
          expect(idsOf(shifted)).toEqual(idsOf(after));
          expect(shifted.map(({ entry }) => entry.runs[0]?.source)).toEqual(
            firsts.map((each) => each + shift),
          );
        },
      ),
    );
  });
});
