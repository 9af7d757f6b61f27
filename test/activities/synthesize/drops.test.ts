import { expect, test } from 'vitest';
import { dropCounts, droppedFrom } from '../../../activities/synthesize/drops.ts';
import type { Entry } from '../../../activities/synthesize/entry.ts';
import { parseCompletion } from '../../../activities/synthesize/protocol/parse.ts';

const entry = (row: number, completion: string): Entry => ({
  id: `id-${row}`,
  key: 'raw/a.parquet',
  row,
  part: 0,
  start: 0,
  end: 1,
  slot: 's',
  round: 2,
  linked: false,
  history: 0,
  setAside: undefined,
  request: '',
  completion,
  finishReason: 'stop',
  promptTokens: 0,
  completionTokens: 0,
  pairs: [],
  drops: Object.fromEntries(parseCompletion(completion).drops.map(({ reason }) => [reason, 1])),
});

test('what became no pair is kept with its place and reason, in the order of the entries', () => {
  const entries = [
    entry(4, '<QUE> q <ANS> a </END><QUE> Q <ANS> b </END><QUE> <ANS> c </END><QUE> cut'),
    entry(1, '<QUE> q <ANS> a </END>'),
    entry(9, '</END>'),
  ];
  const at = (row: number) => ({ id: `id-${row}`, key: 'raw/a.parquet', row, part: 0, round: 2 });
  expect([...droppedFrom(entries, { parse: parseCompletion })]).toEqual([
    { ...at(4), ordinal: 0, reason: 'repeated', bytes: 15, segment: '<QUE> Q <ANS> b' },
    { ...at(4), ordinal: 1, reason: 'emptyQuestion', bytes: 13, segment: '<QUE> <ANS> c' },
    { ...at(4), ordinal: 2, reason: 'incomplete', bytes: 9, segment: '<QUE> cut' },
    { ...at(9), ordinal: 0, reason: 'noAnswer', bytes: 0, segment: '' },
  ]);
  expect(dropCounts(entries)).toEqual({
    'drop:repeated': 1,
    'drop:emptyQuestion': 1,
    'drop:incomplete': 1,
    'drop:noAnswer': 1,
  });
});

test('a long segment keeps its beginning, whole characters of it, and says how long it was', () => {
  const long = `x${'😀'.repeat(5_000)}`;
  const [drop] = [...droppedFrom([entry(0, long)], { parse: parseCompletion })];
  expect(drop?.bytes).toBe(20_001);
  expect(drop?.segment).toBe(`x${'😀'.repeat(999)}`);
});
