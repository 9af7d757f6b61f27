import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashWords, lowerHash, upperHash } from '../../activities/benchmarks/hashed-words.ts';
import { bandPayload, exactRecord } from '../../activities/dedupe/records.ts';
import { bandKey, signatureOf } from '../../activities/dedupe/signature.ts';
import { prompt } from '../../activities/synthesize/protocol/prompt.ts';
import { requestHash } from '../../activities/synthesize/round.ts';
import { fingerprint, fingerprintAfter } from '../../lake/commit.ts';
import { encodeRun } from '../../lake/exchange.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import {
  blockStarts,
  chainId,
  documentId,
  pairId,
  placeOf,
  renderedId,
  slotCount,
  slotId,
  sourceId,
} from '../../lake/identity.ts';
import { listKey, partitionId, slug } from '../../lake/layout.ts';
import { liveIndex, withOpen, withPublication } from '../../lake/log.ts';
import { hash64, openStream, unitHash } from '../../lake/random.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import { PROMPTS } from '../../workflows/contract.ts';

const page = readFileSync(new URL('../../docs/identity.md', import.meta.url), 'utf8');

/** A golden value stands here, on the page for people, and in what the code gives: all three are the same. */
function golden(actual: string, expected: string): void {
  expect(actual).toBe(expected);
  expect(page).toContain(expected);
}

describe('golden values of docs/identity.md', () => {
  test('requests', () => {
    const generator = {
      ...{ name: 'instruction-synthesizer', model: 'm', window: 4096, newTokens: 400, temperature: 0 },
      tokenizer: null,
    };
    golden(
      requestHash(generator, { prompt: prompt([], 'A') }),
      'b2e191075485e5ad68b6e4e594e330818c0e2a99bd61d47c05b6cbf0d741c772',
    );
    golden(
      requestHash(generator, { prompt: [1, 718, 15032] }),
      '02cd58dbabdbc4fdedd6d249448db68385ea5cabceadaf21b0410e384fdb5d03',
    );
  });
  const document = documentId('raw/a.parquet', 7);
  const chain = chainId(document);
  test('ids', () => {
    golden(document, 'd315cdd5ea1eb3c700a1ca292ede4578');
    golden(sourceId('raw/a.parquet', 'abc'), '6cd15903c829984c59db039b5ccdfa27');
    golden(slotId('raw/a.parquet', 1024, 3), '7eafcb5f2337f9e7cd4fb139cac9aa3c');
    golden(chain, 'f15b9f740b6554c498f241d0060b7e30');
    golden(renderedId(chain, 0, 1), 'cca8fa807db900efe0e49aa172606a97');
    golden(pairId(document, 2), '2fdde3b7fb71f5c3efb38869fc1d897e');
  });
  test('draws', () => {
    golden(hash64('instruct-lake', 'mix', 'augmented/x').toString(16), 'fd90f8fa3cd3d27c');
    golden(String(unitHash('instruct-lake', 'share', 's')), '0.059303146379993676');
    golden(
      ['a', 'b', 'c', 'd']
        .map((slot) => openStream('instruct-lake', 'synthesize/prompt', slot).pick(PROMPTS))
        .join(', '),
      'faq, faq, question-answer, table',
    );
    const stream = openStream('instruct-lake', 'template/mode', 'c');
    golden(
      [stream.uint32(), stream.uint32(), stream.uint32()].join(', '),
      '2483670021, 3987430574, 2940604298',
    );
  });
  test('partitions, fingerprints, log entries, folded text', () => {
    const run = { key: 'raw/Some File.parquet', etag: 'e', rowStart: 0, rowEnd: 10 };
    golden(partitionId([run]), 'some-file-dd5943c9c08be372');
    golden(
      fingerprintAfter('a'.repeat(64), 1),
      '882c09d6b0aa447a5a3f8e7b7a3d7dca3065b51a124184c19450815f68825bed',
    );
    golden(
      fingerprint({ stage: 'scan', version: 1, spec: { text: 't' }, inputs: [], etags: ['e'] }),
      '0cf98f3735214c3755a52c373446d7ebd79c742756a1c95eb126b799de1a44fc',
    );
    const empty = { number: 0, previous: '', open: null, published: [], tombstones: [] };
    const publication = { key: 'p', sha256: '00' };
    const state = withPublication(empty, { run: 'r1', generation: 1, mode: 'full', publication });
    const entry = canonicalJson({ ...state, number: 1, previous: '' });
    golden(
      entry,
      '{"number":1,"open":null,"previous":"","published":[{"generation":1,"mode":"full","publication":{"key":"p","sha256":"00"},"run":"r1"}],"tombstones":[]}',
    );
    golden(sha256(entry), '529f2da7643e52ce07725dd323ff240b79bd270f06451d72dcdf1e9ea4438459');
    const opened = canonicalJson({
      ...withOpen(empty, { run: 'r1', generation: 1 }),
      number: 1,
      previous: '',
    });
    golden(
      opened,
      '{"number":1,"open":{"generation":1,"run":"r1"},"previous":"","published":[],"tombstones":[]}',
    );
    const base = canonicalJson({ ...liveIndex(empty), nextSource: 0 });
    golden(base, '{"nextSource":0,"runs":[],"segments":[],"tombstones":[]}');
    golden(
      listKey({ domain: 'd', run: 'r1' }, sha256(base)),
      'runs/d/r1/lists/f0c2cd7c9489fa3ab4e130e9447909edafb287dd30f3c2efe956cb7f9745e54f.json',
    );
    const folded = normaliseForDedupe('  \uff26\uff4f\uff4f\tBAR ');
    expect(folded).toBe('foo bar');
    golden(sha256(folded).slice(0, 32), 'fbc1a9f858ea9e177916964bd88c3d37');
  });
  test('grams of evaluation sets', () => {
    const gram = (text: string, from: number, n: number): string => {
      const words = hashWords(normaliseForDedupe(text));
      const half = (hash: number): string => hash.toString(16).padStart(8, '0');
      return half(upperHash(words, from, n)) + half(lowerHash(words, from, n));
    };
    const text = Array.from({ length: 14 }, (_, i) => `word${i}`).join(' ');
    golden(gram(text, 0, 13), '9a08a6dbbbca3c18');
    golden(gram(text, 1, 13), '070cc925a0b762fd');
    golden(gram('北京 𠀀', 0, 3), '8466d753c6739487');
  });
  test('records of segments', async () => {
    const place = { source: 3, row: 7 };
    const exact = exactRecord({ ...place, hash: '000102030405060708090a0b0c0d0e0f' });
    expect(exact.key).toBe(0x0001020304050607n);
    golden(
      Buffer.from(exact.payload).toString('hex'),
      '000102030405060708090a0b0c0d0e0f00000003000000000007',
    );
    const band = { key: 1n, payload: bandPayload(place) };
    golden(Buffer.from(band.payload).toString('hex'), '00000003000000000007');
    const pieces: Uint8Array[] = [];
    for await (const piece of encodeRun([exact, band])) pieces.push(piece);
    golden(sha256(Buffer.concat(pieces)), '07a2906a35828d86c541f2095e2a91e576d4f50e6a5334ecf05b0901fe2e460f');
  });
  test('signatures and band keys', () => {
    const text = Array.from({ length: 24 }, (_, i) => `word${i}`).join(' ');
    const signature = signatureOf(normaliseForDedupe(text)) ?? new Int32Array(0);
    golden(signature.slice(0, 4).join(', '), '1462815392, -306915304, 1340457690, 1821509604');
    const keys = [0, 13].map((band) => bandKey(signature, band).toString(16).padStart(16, '0'));
    golden(keys[0] ?? '', '3832132515826e40');
    golden(keys[1] ?? '', '0cf99a8578ae9e2d');
  });
});

describe('blocks and slots', () => {
  test('blocks start at row groups and every 1,024 rows', () => {
    expect([...blockStarts(0, 1030), ...blockStarts(1030, 2)]).toEqual([0, 1024, 1030]);
    expect(blockStarts(5, 0)).toEqual([]);
  });
  test('seven texts in three rounds', () => {
    const slots = [0, 1, 2].map((slot) =>
      [0, 1, 2, 3, 4, 5, 6].filter((n) => placeOf(n, 7, 3).slot === slot),
    );
    expect(slots).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ]);
  });
  test('every text has one place, and no slot has two texts in a round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 32 }), (valid, rounds) => {
        const places = Array.from({ length: valid }, (_, n) => placeOf(n, valid, rounds));
        expect(new Set(places.map(({ slot, round }) => `${slot} ${round}`)).size).toBe(valid);
        for (const { slot, round } of places) {
          expect(slot).toBeLessThan(slotCount(valid, rounds));
          expect(round).toBeLessThan(rounds);
        }
      }),
    );
  });
});

describe('draws', () => {
  test('a smaller share is part of a larger one', () => {
    const drawn = Array.from({ length: 4000 }, (_, i) => unitHash('s', 'share', String(i)));
    expect(Math.abs(drawn.filter((u) => u < 0.2).length / 4000 - 0.2)).toBeLessThan(0.03);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
  });
  test('below(n) covers 0 … n-1 evenly', () => {
    const stream = openStream('s', 'test', 'below');
    const seen = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 6000; i++) {
      const draw = stream.below(6);
      seen[draw] = (seen[draw] ?? 0) + 1;
    }
    for (const count of seen) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
  test('pick goes by weight, and never takes what weighs nothing', () => {
    const stream = openStream('s', 'test', 'pick');
    const seen = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 4000; i++) seen[stream.pick(['a', 'b', 'c'] as const, [3, 0, 1])]++;
    expect(seen.b).toBe(0);
    expect(Math.abs(seen.a - 3000)).toBeLessThan(150);
    expect(() => stream.pick([])).toThrow(RangeError);
  });
});

describe('names of partitions', () => {
  test('hostile names become plain slugs', () => {
    expect(slug('../../etc/Passwd')).toBe('etc-passwd');
    expect(slug('\u00dcbung')).toBe('bung');
    expect(slug('...')).toBe('x');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(slug(text)).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
      }),
    );
  });
});
