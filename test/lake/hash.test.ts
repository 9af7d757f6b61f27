import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, type Json, sha256 } from '../../lake/hash.ts';

test('SHA-256 of the empty string', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256(new Uint8Array())).toBe(sha256(''));
});
test('keys are sorted, undefined is left out, nothing else changes', () => {
  expect(canonicalJson({ b: [1, null, 'x'], a: { d: undefined, c: true } })).toBe(
    '{"a":{"c":true},"b":[1,null,"x"]}',
  );
  expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
});
test('the order in which keys were set does not matter, and the value comes back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (object) => {
      const backwards = Object.fromEntries(Object.entries(object).reverse());
      expect(canonicalJson(backwards as Json)).toBe(canonicalJson(object as Json));
      expect(JSON.parse(canonicalJson(object as Json))).toEqual(JSON.parse(JSON.stringify(object)));
    }),
  );
});
