import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChainDocument, cut, joinExamples } from '../../../activities/template/documents.ts';
import type { RenderedChain } from '../../../activities/template/render.ts';
import { renderChain } from '../../../activities/template/render.ts';
import { someChain } from './chains.ts';

const piece = (text: string) => ({
  text,
  bytes: Buffer.byteLength(text),
  spans: [{ kind: 'context' as const, start: 0, end: Buffer.byteLength(text) }],
});
const literal: RenderedChain = {
  mode: 'classic',
  wordings: {},
  separator: '\n\n',
  pieces: ['één', 'two', 'three', 'a very long one', '5'].map(piece),
};

test('examples are joined with the separator between them and spans moved along', () => {
  expect(joinExamples(literal, 0, 2)).toEqual({
    text: 'één\n\ntwo',
    spans: [
      { kind: 'context', start: 0, end: 5 },
      { kind: 'context', start: 7, end: 10 },
    ],
    from: 0,
    to: 2,
  });
});

test('as many examples as fit make a document; one that does not fit stands alone', async () => {
  const documents = await cut(literal, ({ text }) => text.length <= 8);
  expect(documents.map(({ text }) => text)).toEqual(['één\n\ntwo', 'three', 'a very long one', '5']);
  expect((await cut(literal, async () => true)).map(({ text }) => text)).toEqual([
    'één\n\ntwo\n\nthree\n\na very long one\n\n5',
  ]);
  expect(await cut(literal, () => false)).toHaveLength(5);
  expect(await cut({ ...literal, pieces: [] }, () => true)).toEqual([]);
});

test('cutting loses nothing, is greedy, and asks once per border', async () => {
  await fc.assert(
    fc.asyncProperty(someChain(), fc.integer({ min: 1, max: 400 }), async (input, limit) => {
      const chain = renderChain(input, { seed: 's' });
      const asked: ChainDocument[] = [];
      const fits = (document: ChainDocument) => {
        asked.push(document);
        return Buffer.byteLength(document.text) <= limit;
      };
      const documents = await cut(chain, fits);
      expect(asked).toHaveLength(chain.pieces.length - 1);
      expect(documents.flatMap(({ from, to }) => chain.pieces.slice(from, to))).toEqual(chain.pieces);
      for (const document of documents) {
        expect(document).toEqual(joinExamples(chain, document.from, document.to));
        if (document.to - document.from > 1) {
          expect(Buffer.byteLength(document.text)).toBeLessThanOrEqual(limit);
          expect(asked).toContain(document);
        }
        if (document.to < chain.pieces.length) {
          const longer = joinExamples(chain, document.from, document.to + 1);
          expect(Buffer.byteLength(longer.text)).toBeGreaterThan(limit);
        }
        expect(document.text.startsWith(chain.pieces[document.from]?.text ?? '?')).toBe(true);
        expect(document.text.endsWith(chain.pieces[document.to - 1]?.text ?? '?')).toBe(true);
      }
    }),
  );
});
