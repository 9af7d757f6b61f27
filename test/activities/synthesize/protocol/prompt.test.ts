import { expect, it } from 'vitest';
import { hasMarker, neutralise } from '../../../../activities/synthesize/protocol/markers.ts';
import {
  answerText,
  contextBlock,
  finishedRound,
  prompt,
  questionText,
} from '../../../../activities/synthesize/protocol/prompt.ts';
import type { Pair } from '../../../../workflows/contract.ts';

const q: Pair = { question: 'q', answer: 'a', kind: 'plain' };
const q2: Pair = { question: 'q2', answer: 'a2', kind: 'plain' };

it('writes the first round', () => {
  expect(prompt([], 'A')).toBe('<s> <CON> A </CON>\n\n');
});

it('writes a second round behind the first, with nothing between', () => {
  expect(prompt([{ context: 'A', pairs: [q, q2] }], 'B')).toBe(
    '<s> <CON> A </CON>\n\n<QUE> q <ANS> a </END>\n\n<QUE> q2 <ANS> a2 </END></s><s> <CON> B </CON>\n\n',
  );
});

it('writes a third round with pairs of every kind', () => {
  const option: Pair = { question: 'Which?', answer: 'b', kind: 'option', options: ['a', 'b'] };
  const cot: Pair = { question: 'Why?', answer: 'x', kind: 'cot', rationale: 'It is so' };
  const both: Pair = { ...option, kind: 'option-cot', rationale: 'It says "b."' };
  const history = [
    { context: 'A', pairs: [q] },
    { context: 'B', pairs: [option, cot, both] },
  ];
  expect(prompt(history, 'C')).toBe(
    [
      '<s> <CON> A </CON>\n\n<QUE> q <ANS> a </END></s>',
      '<s> <CON> B </CON>\n\n<QUE> Which?\nOptions:\n- a\n- b <ANS> b </END>\n\n',
      "<QUE> Why?\nLet's think step by step. <ANS> It is so.\nTherefore, the answer is x </END>\n\n",
      '<QUE> Which?\nOptions:\n- a\n- b\nLet\'s think step by step. <ANS> It says "b."\nTherefore, the answer is b </END></s>',
      '<s> <CON> C </CON>\n\n',
    ].join(''),
  );
});

it('opens with the beginning mark alone for an empty text', () => {
  expect(contextBlock('')).toBe('<s>');
});

it('closes a round without pairs', () => {
  expect(finishedRound({ context: 'A', pairs: [] })).toBe('<s> <CON> A </CON>\n\n</s>');
});

it('adds no second sign where a rationale already ends in one', () => {
  const pair: Pair = { question: 'q', answer: 'a', kind: 'cot', rationale: 'Is it?' };
  expect(answerText(pair)).toBe('Is it?\nTherefore, the answer is a');
  expect(questionText(pair)).toBe("q\nLet's think step by step.");
});

it.each([
  '<s>',
  '</s>',
  '<CON>',
  '</CON>',
  '<QUE>',
  '<ANS>',
  '</END>',
  '<con>',
  '< CON >',
  '< / con >',
  '<end>',
  '<\u00a0Que>',
])('makes %s harmless', (mark) => {
  const text = `before ${mark} after <CO${mark}N>`;
  expect(hasMarker(text)).toBe(true);
  expect(hasMarker(neutralise(text))).toBe(false);
  expect(neutralise(neutralise(text))).toBe(neutralise(text));
  expect(neutralise(text).replaceAll('\u2039', '<')).toBe(text);
  expect(contextBlock(text)).toBe(`<s> <CON> ${neutralise(text)} </CON>\n\n`);
});

it.each(['a < b and c > d', '<sup>2</sup>', '<span>', 'a<s', '<con artist>'])('leaves %s alone', (text) => {
  expect(hasMarker(text)).toBe(false);
  expect(neutralise(text)).toBe(text);
});
