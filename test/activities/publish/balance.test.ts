import { describe, expect, test } from 'vitest';
import type { ManifestCore } from '../../../activities/publish/publication.ts';
import { balance } from '../../../activities/publish/verify.ts';

type Counted = Pick<ManifestCore, 'counts' | 'mix' | 'shards'>;
function manifest(): Counted {
  const file = { size: 0, sha256: '' };
  return {
    counts: {
      rows: {
        planned: 10,
        kept: 5,
        duplicates: 2,
        nearDuplicates: 1,
        earlierDuplicates: 0,
        heldBack: 0,
        rejects: 1,
        rejectReasons: { blank: 1 },
        failed: 2,
        replaced: 0,
      },
      texts: { converted: 4, raw: 1, prompted: 5, withPairs: 4, linked: 3, setAside: 1 },
      pairs: {
        valid: 12,
        dropped: 1,
        reasons: { incomplete: 1 },
        kept: 9,
        filtered: { grounding: 2, copy: 1 },
        rendered: 9,
      },
      usage: { promptTokens: 1, completionTokens: 1 },
      tokenizing: { tokenizedBytes: 900, slowBytes: 0 },
      documents: {
        chains: 1,
        made: 3,
        tokens: 300,
        overlong: 0,
        spare: 0,
        spareTokens: 0,
        mixed: 4,
        mixedTokens: 400,
      },
      instructions: {
        ...{ planned: 2, documents: 1, tokens: 100, failed: 0 },
        ...{ rejects: 1, rejectReasons: { blank: 1 } },
      },
    },
    mix: [
      {
        source: 'augmented',
        epochs: 1,
        weight: 1,
        unique: 300,
        asked: 300,
        got: 300,
        shortfall: 0,
        units: 1,
        documents: 3,
      },
      {
        source: 'instructions-1',
        epochs: 1,
        weight: 1,
        unique: 100,
        asked: 100,
        got: 100,
        shortfall: 0,
        units: 1,
        documents: 1,
      },
    ],
    shards: [
      { name: 'a', documents: 3, tokens: 250, bin: file, idx: file, files: [] },
      { name: 'b', documents: 1, tokens: 150, bin: file, idx: file, files: [] },
    ],
  };
}
const wrong = (change: (each: Counted) => void): string[] => {
  const each = manifest();
  change(each);
  return balance(each as ManifestCore).flatMap(({ what, ok }) => (ok ? [] : [what]));
};

describe('counts of a run', () => {
  test('balance from rows in to tokens out', () => {
    expect(wrong(() => {})).toEqual([]);
  });
  test.each([
    ['a lost row', (each: Counted) => each.counts.rows.kept--, ['rows balance', 'kept rows balance']],
    ['a kept row that went nowhere', (each: Counted) => each.counts.texts.raw--, ['kept rows balance']],
    ['a row counted twice', (each: Counted) => each.counts.rows.duplicates++, ['rows balance']],
    ['a reject for no reason', (each: Counted) => (each.counts.rows.rejectReasons = {}), ['rejects balance']],
    [
      'a lost instruction',
      (each: Counted) => each.counts.instructions.documents--,
      ['instruction rows balance'],
    ],
    [
      'an instruction rejected for no reason',
      (each: Counted) => (each.counts.instructions.rejectReasons = {}),
      ['instruction rejects balance'],
    ],
    [
      'a text dropped for an evaluation set that nobody found in it',
      (each: Counted) => (each.counts.instructions.rejectReasons = { contaminated: 1 }),
      ['contamination balances'],
    ],
    [
      'a pair in which one was found, and that is not dropped',
      (each: Counted) =>
        (each.counts.contamination = { records: { pair: { dropped: 1, flagged: 0 } }, matches: [] }),
      ['contamination balances'],
    ],
    [
      'a text with pairs that was never prompted',
      (each: Counted) => (each.counts.texts.prompted = 4),
      ['texts balance'],
    ],
    ['a lost pair', (each: Counted) => (each.counts.pairs.filtered.copy = 0), ['pairs balance']],
    ['a kept pair in no document', (each: Counted) => each.counts.pairs.rendered--, ['kept pairs balance']],
    [
      'a document that is in no shard',
      (each: Counted) => each.counts.documents.mixed++,
      ['documents balance'],
    ],
    [
      'a token too many in a shard',
      (each: Counted) => ((each.shards[0] as { tokens: number }).tokens += 1),
      ['tokens balance'],
    ],
    [
      'a source that gave more than it says',
      (each: Counted) => ((each.mix[0] as { got: number }).got -= 1),
      ['mix balances'],
    ],
  ])('%s is found', (_, change, found) => {
    expect(wrong(change)).toEqual(found);
  });
});
