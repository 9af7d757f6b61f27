import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeDifference, differences } from '../../../activities/publish/differences.ts';
import { canonicalJson } from '../../../lake/hash.ts';

test('a difference is named down to the value, on either side', () => {
  const stands = { counts: { rows: 1, texts: 2 }, shards: [{ bin: 'a' }, { bin: 'b' }], odd: null };
  const computed = { counts: { rows: 1, texts: 3, constructor: 4 }, shards: [{ bin: 'a' }], odd: {} };
  expect(differences(stands, computed).map(describeDifference)).toEqual([
    'counts.constructor: nothing stands there, 4 was computed',
    'counts.texts: 2 stands there, 3 was computed',
    'odd: null stands there, {} was computed',
    'shards[1]: {"bin":"b"} stands there, nothing was computed',
  ]);
  expect(describeDifference({ field: 'a', stands: 'x'.repeat(100), computed: 1 })).toMatch(
    /^a: "x{79} … stands/,
  );
});

test('equal documents have none, others some', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => differences(value, structuredClone(value)).length === 0));
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const same = differences(a, b).length === 0;
      expect(same).toBe(differences(b, a).length === 0);
      if (same) expect(canonicalJson(a)).toBe(canonicalJson(b));
    }),
  );
});
