import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkTarget, keyOf, safeName } from '../../../client/import/keys.ts';
import { BadUsage } from '../../../lake/errors.ts';

describe('where files go', () => {
  test.each(['raw/biomed/', 'raw/biomed/2024/lang=en/', 'raw/ä/'])('%s is fine', (to) => {
    expect(() => checkTarget(to)).not.toThrow();
  });
  test.each([
    ['runs/biomed/', /must begin with raw\//],
    ['raw', /must begin with raw\//],
    ['raw/biomed', /must end with \//],
    ['raw/', /names no domain/],
    ['raw//x/', /empty part/],
    ['raw/../runs/', /part \.\./],
    ['raw/a/./', /part \./],
    ['raw/a\nb/', /control characters/],
    ['raw/a\\b/', /backslash/],
    [`raw/${'ä'.repeat(128)}/`, /over 254 bytes/],
  ])('%j is refused', (to, why) => {
    expect(() => checkTarget(to)).toThrow(BadUsage);
    expect(() => checkTarget(to)).toThrow(why);
  });
});

describe('names in keys', () => {
  test('plain names stay, others stay readable and different', () => {
    expect(safeName('part-00001.snappy')).toBe('part-00001.snappy');
    expect(safeName('lang=en')).toBe('lang=en');
    expect(safeName('médecine 2024')).toMatch(/^m-decine-2024-[0-9a-f]{8}$/);
    expect(safeName('..')).toMatch(/^[0-9a-f]{8}$/);
    expect(safeName('é')).not.toBe(safeName('è'));
  });
  test('any name becomes one safe component; different names stay different', () => {
    const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(names, names, (a, b) => {
        const key = keyOf('raw/x/', [], a);
        expect(key).toMatch(/^raw\/x\/[A-Za-z0-9_=][A-Za-z0-9._=-]*\.parquet$/);
        expect(Buffer.byteLength(key.slice('raw/x/'.length))).toBeLessThan(255);
        expect(a === b || key !== keyOf('raw/x/', [], b)).toBe(true);
      }),
    );
  });
  test('keys that are too long are refused', () => {
    expect(() => keyOf('raw/x/', Array(6).fill('y'.repeat(199)), 'z')).toThrow(/over 1024 bytes/);
  });
});
