import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentsIn } from '../../../activities/shards/documents-in.ts';
import { type Dtype, tokenBytes } from '../../../activities/shards/dtype.ts';

test('a body in pieces of any sizes gives its documents, in order and whole', async () => {
  const documents = fc.array(fc.array(fc.nat(60_000), { minLength: 1, maxLength: 9 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 });
  const property = fc.asyncProperty(
    documents,
    cuts,
    fc.constantFrom<Dtype>('uint16', 'int32'),
    async (whole, sizes, dtype) => {
      const width = dtype === 'uint16' ? 2 : 4;
      const body = tokenBytes(Uint32Array.from(whole.flat()), dtype);
      async function* pieces(): AsyncGenerator<Uint8Array> {
        let i = 0;
        for (let at = 0; at < body.length; i++) {
          const size = (sizes[i % sizes.length] ?? 1) * width;
          yield body.subarray(at, at + size);
          at += size;
        }
      }
      const found: number[][] = [];
      const lengths = whole.map(({ length }) => length);
      for await (const some of documentsIn(pieces(), lengths, dtype)) {
        for (const ids of some) found.push([...ids]);
      }
      expect(found).toEqual(whole);
    },
  );
  await fc.assert(property);
});
