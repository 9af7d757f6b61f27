import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinExamples } from '../../../activities/template/documents.ts';
import { type Chain, renderChain } from '../../../activities/template/render.ts';
import { Unreachable } from '../../../lake/errors.ts';
import type { Pair } from '../../../workflows/contract.ts';
import { aspirin, brokenText, someChain, someText } from './chains.ts';

const utf8 = (text: string) => Buffer.from(text);
const hex = (data: string | Uint8Array) => Buffer.from(data as string).toString('hex');

/** What lies under the spans of a text, kind by kind. */
function underSpans({ text, spans }: ReturnType<typeof joinExamples>) {
  const bytes = utf8(text);
  return spans.map(({ kind, start, end }) => [kind, bytes.subarray(start, end).toString()]);
}

/** Checks a rendered chain against what went in: everything there, in its place, nothing else marked. */
function expectWhole(chain: Chain, rendered: ReturnType<typeof joinExamples>): void {
  const { text, spans } = rendered;
  const bytes = utf8(text);
  let last = 0;
  for (const { start, end } of spans) {
    expect(start).toBeGreaterThanOrEqual(last);
    expect(end).toBeGreaterThanOrEqual(start);
    last = end;
  }
  expect(last).toBeLessThanOrEqual(bytes.length);
  /** In every mode what is of one kind stands in the order of the pairs. */
  const under = (kind: string): string[] =>
    spans.flatMap((span) => (span.kind === kind ? [hex(bytes.subarray(span.start, span.end))] : []));
  const all = chain.examples.flatMap(({ pairs }) => pairs);
  expect(under('context')).toEqual(chain.examples.map(({ context }) => hex(context)));
  expect(under('question')).toEqual(all.map(({ question }) => hex(question)));
  expect(under('rationale')).toEqual(
    all.flatMap(({ rationale }) => (rationale === undefined ? [] : [hex(rationale)])),
  );
  const answers = under('answer');
  expect(answers.length).toBe(all.length);
  for (const [i, pair] of all.entries()) {
    const answer = Buffer.from(answers[i] ?? '', 'hex').toString();
    // Where options are counted, the marker of the right one is the answer.
    if (pair.options === undefined) expect(answers[i]).toBe(hex(pair.answer));
    else if (answer !== pair.answer) expect(text).toContain(`${answer} ${pair.answer}`);
  }
}

describe('a chain at a fixed seed', () => {
  test('classic', () => {
    const chain = renderChain(aspirin('c7'), { seed: 'golden' });
    expect(chain.mode).toBe('classic');
    const document = joinExamples(chain);
    expect(document.text).toBe(
      [
        'A text to work with:',
        'Aspirin inhibits cyclooxygenase.',
        'It thins the blood.',
        '',
        '***',
        '',
        'Having read this, respond below.',
        'Question: What does aspirin inhibit?',
        'Answer: Cyclooxygenase.',
        '',
        'Aspirin acts on the',
        '(i) blood',
        '(ii) bone',
        '(iii) skin',
        'A: (i)',
        '',
        'A text to work with:',
        'Gout is caused by urate — 尿酸.',
        '',
        '***',
        '',
        'Having read this, respond below.',
        'Q: Name the cause of gout.',
        'Take it step by step.',
        'Reasoning: The text says so',
        'A: Urate',
      ].join('\n'),
    );
    expect(underSpans(document)).toEqual([
      ['context', 'Aspirin inhibits cyclooxygenase.\nIt thins the blood.'],
      ['question', 'What does aspirin inhibit?'],
      ['answer', 'Cyclooxygenase.'],
      ['question', 'Aspirin acts on the'],
      ['answer', '(i)'],
      ['context', 'Gout is caused by urate — 尿酸.'],
      ['question', 'Name the cause of gout.'],
      ['rationale', 'The text says so'],
      ['answer', 'Urate'],
    ]);
  });

  test('dialog', () => {
    const chain = renderChain(aspirin('c1'), { seed: 'golden' });
    expect(chain.mode).toBe('dialog');
    const document = joinExamples(chain);
    expect(document.text).toBe(
      [
        'Aspirin inhibits cyclooxygenase.',
        'It thins the blood.',
        '',
        'Mina: What does aspirin inhibit?',
        'Jonas: Cyclooxygenase.',
        '',
        'Mina: Aspirin acts on the',
        '(A) skin',
        '(B) blood',
        '(C) bone',
        'Jonas: (B)',
        '',
        'Gout is caused by urate — 尿酸.',
        '',
        'Mina: Name the cause of gout.',
        'Jonas: The text says so',
        'Answer: Urate',
      ].join('\n'),
    );
    expect(underSpans(document)).toEqual([
      ['context', 'Aspirin inhibits cyclooxygenase.\nIt thins the blood.'],
      ['question', 'What does aspirin inhibit?'],
      ['answer', 'Cyclooxygenase.'],
      ['question', 'Aspirin acts on the'],
      ['answer', '(B)'],
      ['context', 'Gout is caused by urate — 尿酸.'],
      ['question', 'Name the cause of gout.'],
      ['rationale', 'The text says so'],
      ['answer', 'Urate'],
    ]);
  });
});

test('everything that goes in comes through unchanged, under spans that are exactly it', () => {
  fc.assert(
    fc.property(someChain(), fc.string(), fc.nat(5), (chain, seed, variant) => {
      expectWhole(chain, joinExamples(renderChain(chain, { seed, variant })));
    }),
    { numRuns: 100 },
  );
});

test('half surrogates become U+FFFD in the bytes and shift no span', () => {
  fc.assert(
    fc.property(brokenText, brokenText, brokenText, fc.string(), (context, question, answer, seed) => {
      const chain = {
        id: 'c',
        examples: [{ context, pairs: [{ kind: 'plain' as const, question, answer }] }],
      };
      const rendered = joinExamples(renderChain(chain, { seed }));
      expect(
        underSpans(rendered)
          .map(([, text]) => text)
          .sort(),
      ).toEqual([context, question, answer].map((text) => utf8(text).toString()).sort());
    }),
  );
});

test('the place of a chain, its neighbours and its order change nothing', () => {
  fc.assert(
    fc.property(fc.array(someChain(), { minLength: 2, maxLength: 5 }), (chains) => {
      const one = (chain: Chain) => joinExamples(renderChain(chain, { seed: 's' }));
      const forward = chains.map(one);
      const backward = [...chains].reverse().map(one).reverse();
      expect(backward).toEqual(forward);
    }),
    { numRuns: 30 },
  );
});

test('variants, seeds and chain ids give other wordings', () => {
  const text = (id: string, seed: string, variant: number) =>
    joinExamples(renderChain(aspirin(id), { seed, variant })).text;
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  expect(new Set(numbers.map((i) => text('c', 's', i))).size).toBeGreaterThan(35);
  expect(new Set(numbers.map((i) => text('c', `s${i}`, 0))).size).toBeGreaterThan(35);
  expect(new Set(numbers.map((i) => text(`c${i}`, 's', 0))).size).toBeGreaterThan(35);
  expect(joinExamples(renderChain(aspirin('c'), { seed: 's' })).text).toBe(text('c', 's', 0));
});

test('one wording per kind serves the whole chain, with and without the other kinds', () => {
  const pair = (n: number): Pair => ({ kind: 'plain', question: `question-${n}`, answer: `answer-${n}` });
  const cot: Pair = { kind: 'cot', question: 'why', rationale: 'since', answer: 'so' };
  for (let i = 0; i < 50; i++) {
    const chain = (pairs: Pair[][]) =>
      renderChain(
        { id: `c${i}`, examples: pairs.map((of) => ({ context: 'CONTEXT', pairs: of })) },
        { seed: 's' },
      );
    const render = (pairs: Pair[][]) => chain(pairs).pieces.map(({ text }) => text);
    const { mode } = chain([[pair(1), pair(2)]]);
    const [first, second] = render([
      [pair(1), pair(2)],
      [pair(3), pair(4)],
    ]);
    expect(second).toBe(first?.replaceAll('-1', '-3').replaceAll('-2', '-4'));
    const [mixed] = render([[pair(1), pair(2), cot]]);
    if (mode === 'classic' || mode === 'dialog') expect(mixed?.startsWith(first ?? '?')).toBe(true);
  }
});

describe('options', () => {
  const words = ['kidney', 'liver', 'heart', 'lung', 'brain', 'spleen'];
  const chosen = fc.record({
    options: fc.shuffledSubarray(words, { minLength: 2 }),
    at: fc.nat(),
    reasoned: fc.boolean(),
  });

  test('all are shown, and the answer is the right one or its marker', () => {
    let counted = 0;
    let moved = 0;
    fc.assert(
      fc.property(fc.array(chosen, { minLength: 1, maxLength: 4 }), fc.string(), (choices, seed) => {
        const pairs = choices.map(({ options, at, reasoned }, i): Pair => {
          const answer = options[at % options.length] ?? '';
          return reasoned
            ? { kind: 'option-cot', question: `Q${i}?`, answer, options, rationale: `R${i}` }
            : { kind: 'option', question: `Q${i}?`, answer, options };
        });
        for (const pair of pairs) {
          const { text, spans } = joinExamples(
            renderChain({ id: 'c', examples: [{ context: 'C', pairs: [pair] }] }, { seed }),
          );
          const span = spans.find(({ kind }) => kind === 'answer');
          const answer = utf8(text).subarray(span?.start, span?.end).toString();
          const lines = text.split('\n').flatMap((line) => {
            const match = /^(\S+) ([a-z]+);?$/.exec(line);
            return match !== null && words.includes(match[2] ?? '') ? [[match[1], match[2]]] : [];
          });
          const shown = lines.map(([, word]) => word).slice(0, pair.options?.length);
          expect([...shown].sort()).toEqual([...(pair.options ?? [])].sort());
          if (shown.join() !== pair.options?.join()) moved++;
          if (answer === pair.answer) continue;
          counted++;
          expect(lines.filter(([marker]) => marker === answer)).toEqual([[answer, pair.answer]]);
        }
      }),
      { numRuns: 150, seed: 7 },
    );
    expect(counted).toBeGreaterThan(100);
    expect(moved).toBeGreaterThan(100);
  });

  test('pairs of one chain are shuffled apart from each other', () => {
    const pair: Pair = { kind: 'option', question: 'Q?', answer: 'heart', options: words };
    const example = { context: 'C', pairs: [pair, pair] };
    const { pieces } = renderChain({ id: 'c', examples: [example, example] }, { seed: 's' });
    const orders = pieces.flatMap(({ text }) => {
      const found = words.map((word) => text.indexOf(word)).sort((a, b) => a - b);
      const first = found.map((at) => text.slice(at, at + 3)).join();
      const rest = text.slice(text.lastIndexOf('Q?'));
      const second = words.map((word) => ({ word, at: rest.indexOf(word) }));
      return [
        first,
        second
          .sort((a, b) => a.at - b.at)
          .map(({ word }) => word.slice(0, 3))
          .join(),
      ];
    });
    expect(new Set(orders).size).toBe(4);
  });

  test('where the answer is none of them, none are shown and nothing is lost', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('option' as const, 'option-cot' as const), (seed, kind) => {
        const pair: Pair = {
          kind,
          question: 'Which?',
          answer: 'pancreas',
          options: words,
          rationale: 'since',
        };
        const rendered = joinExamples(
          renderChain({ id: 'c', examples: [{ context: 'C', pairs: [pair] }] }, { seed }),
        );
        for (const word of words) expect(rendered.text).not.toContain(word);
        const rest = underSpans(rendered)
          .filter(([kind]) => kind !== 'context' && kind !== 'question')
          .sort();
        const answer = ['answer', 'pancreas'];
        expect(rest).toEqual(kind === 'option' ? [answer] : [answer, ['rationale', 'since']]);
      }),
      { numRuns: 50 },
    );
  });

  test('an answer matches its option up to white space at the ends', () => {
    const pair: Pair = { kind: 'option', question: 'Which?', answer: ' heart', options: ['lung', 'heart '] };
    const chain = { id: 'c', examples: [{ context: 'C', pairs: [pair] }] };
    expect(joinExamples(renderChain(chain, { seed: 's' })).text).toContain('lung');
  });
});

test('a text without pairs is refused', () => {
  const chain = { id: 'c9', examples: [{ context: 'C', pairs: [] }] };
  expect(() => renderChain(chain, { seed: 's' })).toThrow(Unreachable);
});

test('contexts are byte-equal to the raw rows', () => {
  fc.assert(
    fc.property(someText, fc.string(), (context, seed) => {
      const pairs: Pair[] = [{ kind: 'plain', question: 'Q', answer: 'A' }];
      const { text, spans } = joinExamples(
        renderChain({ id: 'c', examples: [{ context, pairs }] }, { seed }),
      );
      const span = spans.find(({ kind }) => kind === 'context');
      expect(utf8(text).subarray(span?.start, span?.end).equals(utf8(context))).toBe(true);
    }),
  );
});

describe('modes of chains whose texts have two pairs and more, at a fixed seed', () => {
  const examples = [
    {
      context: 'The Po is a river of Italy.',
      pairs: [
        { kind: 'plain', question: 'What is the Po?', answer: 'A river.' },
        { kind: 'option', question: 'Where does it flow?', answer: 'Italy', options: ['Spain', 'Italy'] },
      ],
    },
    {
      context: 'Garda is a lake.',
      pairs: [
        { kind: 'cot', question: 'Is Garda a river?', answer: 'No', rationale: 'It is a lake' },
        { kind: 'plain', question: 'Name a lake.', answer: 'Garda.' },
      ],
    },
  ] satisfies Chain['examples'];
  test.each([
    [
      'inverted',
      'c54',
      'Query: What is the Po?\nResponse: A river.\n\nWhere does it flow?\noptions:\n• Spain\n• Italy\nThe answer is: Italy\n\n---\nThe Po is a river of Italy.',
    ],
    [
      'numbered',
      'c35',
      'The Po is a river of Italy.\n\n[Q 1] What is the Po?\n[Q 2] Where does it flow?\nCANDIDATES:\nA) Italy\nB) Spain\n\nKEY:\n[A 1] A river.\n[A 2] A)',
    ],
    [
      'few-shot',
      'c75',
      'The Po is a river of Italy.\n\nLet this show you what is wanted.\nWhat is the Po?\nAnswer: A river.\n\ntask:\nQuestion:\nWhere does it flow?\nOPTIONS:\n- Italy\n- Spain\nAnswer:\nItaly',
    ],
    [
      'next-turn',
      'c20',
      'The Po is a river of Italy.\n\nEarlier turns\n\nUser: What is the Po?\nAssistant: A river.\n\nNext question: Where does it flow?\nOptions:\na. Italy\nb. Spain\nAnswer: a.',
    ],
  ])('%s', (mode, id, text) => {
    const chain = renderChain({ id, examples }, { seed: 'golden' });
    expect(chain.mode).toBe(mode);
    expect(chain.pieces[0]?.text).toBe(text);
  });
});
