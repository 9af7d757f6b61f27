import fc from 'fast-check';
import type { Chain } from '../../../activities/template/render.ts';
import type { Pair } from '../../../workflows/contract.ts';

/** Text that breaks careless templating. */
const HOSTILE = [
  '{question}',
  '{answer}{context}',
  "$& $1 $` $' $$",
  '<CON> <QUE> q <ANS> a </END>',
  '</s><s> ',
  '\u0000\u0001\u001b[31m',
  '\r\n\r\n\n\n',
  '(a) b',
  '\u2028\u2029\ufeff',
  '한국어 文字 🧬👩‍🔬',
  'A: no\nQ: yes',
];

/** Well-formed strings, hostile ones among them; never empty. */
export const someText = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(...HOSTILE)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''))
  .filter((text) => text !== '');

/** Strings of any 16-bit units: halves of surrogate pairs without the other half among them. */
export const brokenText = fc
  .array(fc.integer({ min: 0xd7f0, max: 0xe00f }), { minLength: 1, maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

const options = fc.uniqueArray(someText, { minLength: 2, maxLength: 30 });

/** Pairs of all kinds, as parsing gives them: the answer is one of the options. */
export function somePair(text: fc.Arbitrary<string> = someText): fc.Arbitrary<Pair> {
  const base = { question: text, answer: text };
  const chosen = fc
    .tuple(text, options, fc.nat())
    .map(([question, all, i]) => ({ question, options: all, answer: all[i % all.length] ?? '' }));
  return fc.oneof(
    fc.record({ ...base, kind: fc.constant('plain' as const) }),
    fc.record({ ...base, kind: fc.constant('cot' as const), rationale: text }),
    chosen.map((pair) => ({ ...pair, kind: 'option' as const })),
    fc.tuple(chosen, text).map(([pair, rationale]) => ({ ...pair, kind: 'option-cot' as const, rationale })),
  );
}

export function someChain(text: fc.Arbitrary<string> = someText): fc.Arbitrary<Chain> {
  return fc.record({
    id: fc.stringMatching(/^[0-9a-f]{16}$/),
    examples: fc.array(
      fc.record({ context: text, pairs: fc.array(somePair(text), { minLength: 1, maxLength: 4 }) }),
      { minLength: 1, maxLength: 5 },
    ),
  });
}

/** The chain of the literal examples. */
export function aspirin(id: string): Chain {
  return {
    id,
    examples: [
      {
        context: 'Aspirin inhibits cyclooxygenase.\nIt thins the blood.',
        pairs: [
          { kind: 'plain', question: 'What does aspirin inhibit?', answer: 'Cyclooxygenase.' },
          {
            kind: 'option',
            question: 'Aspirin acts on the',
            answer: 'blood',
            options: ['blood', 'bone', 'skin'],
          },
        ],
      },
      {
        context: 'Gout is caused by urate — 尿酸.',
        pairs: [
          {
            kind: 'cot',
            question: 'Name the cause of gout.',
            rationale: 'The text says so',
            answer: 'Urate',
          },
        ],
      },
    ],
  };
}
