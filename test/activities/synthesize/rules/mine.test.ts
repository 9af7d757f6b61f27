import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasMarker } from '../../../../activities/synthesize/protocol/markers.ts';
import { parseCompletion } from '../../../../activities/synthesize/protocol/parse.ts';
import { pairText } from '../../../../activities/synthesize/protocol/prompt.ts';
import { findCandidates, minePairs } from '../../../../activities/synthesize/rules/mine.ts';
import { turned } from '../../../../activities/synthesize/rules/opposites.ts';
import { countTokens } from '../../../../client/endpoint/tokens.ts';
import { openStream } from '../../../../lake/random.ts';
import type { Pair } from '../../../../workflows/contract.ts';
import { ALL, BONDS, HEART, QUESTIONS, TABLE, VACCINES } from './passages.ts';

const LABEL = /^(?:Yes|No|Maybe|True|False)$/;
const many = (text: string): Pair[] => minePairs(text, { limit: 40, bytes: 100_000 });
const found = (text: string) => findCandidates(text, undefined, openStream('seed', 'test', text));
const answerTo = (text: string, question: RegExp) =>
  found(text).find((one) => question.test(one.question))?.answer;

function expectSound(text: string, pairs: readonly Pair[]): void {
  const folded = text.replace(/\s+/g, ' ');
  for (const pair of pairs) {
    // An answer that joins several entries has each from the text.
    const stands =
      folded.includes(pair.answer) || pair.answer.split('; ').every((item) => folded.includes(item));
    expect([pair.answer, stands || LABEL.test(pair.answer)]).toEqual([pair.answer, true]);
    expect(pair.question.trim()).not.toBe('');
    expect(pair.answer.trim()).toBe(pair.answer);
    expect(pair.answer).not.toBe('');
    expect(hasMarker(pair.question + pair.answer)).toBe(false);
    expect(pair.options === undefined).toBe(!pair.kind.startsWith('option'));
    expect(pair.rationale === undefined).toBe(!pair.kind.endsWith('cot'));
    if (pair.options !== undefined) expect(pair.options).toContain(pair.answer);
  }
  expect(new Set(pairs.map((pair) => pair.question.toLowerCase())).size).toBe(pairs.length);
  // What is mined survives the protocol as it is.
  expect(parseCompletion(pairs.map(pairText).join('\n\n'))).toEqual({ pairs, drops: [] });
}

/** What is written stays within the 400 new tokens of the protocol, as the embedded endpoint counts them. */
function expectFits(pairs: readonly Pair[]): void {
  expect(countTokens(` ${pairs.map(pairText).join('\n\n')}`)).toBeLessThanOrEqual(400);
}

it.each(Object.entries(ALL))('mines sound pairs from %s, at most six', (_name, text) => {
  const pairs = minePairs(text);
  expect(pairs.length).toBeGreaterThanOrEqual(3);
  expect(pairs.length).toBeLessThanOrEqual(6);
  expectSound(text, pairs);
  expectSound(text, many(text));
  expect(minePairs(text)).toEqual(pairs);
  expect(minePairs(text, { limit: 2 })).toHaveLength(2);
  expectFits(pairs);
});

it.each([
  [
    HEART,
    /^What is the sinoatrial node\?$/,
    'a small cluster of cells in the upper wall of the right atrium',
  ],
  [
    HEART,
    /artificial pacemaker\?$/,
    'a device that delivers small electrical pulses when the natural rhythm fails',
  ],
  [
    HEART,
    /A healthy adult at rest/,
    'However, a slow rate in an older person can be a sign of disease of the node itself.',
  ],
  [BONDS, /yield to maturity/, 'the redemption yield'],
  [BONDS, /\bECB\b/, 'European Central Bank'],
  [BONDS, /^What does duration measure\?$/, "the sensitivity of a bond's price to a change in yield"],
  [BONDS, /en-year Treasury notes/, '1981'],
  [VACCINES, /^Who described vaccination against smallpox in 1798\?$/, 'Edward Jenner'],
  [VACCINES, /Measles vaccine is supplied as a dry powder/, 'the dried virus survives heat better'],
  [VACCINES, /^What does heat destroy\?$/, 'the proteins in many vaccines'],
  [
    QUESTIONS,
    /^What causes gout\?$/,
    'Gout is caused by crystals of uric acid that settle in a joint. The big toe is affected first in most people.',
  ],
])('answers from the text %#', (text, question, answer) => {
  expect(answerTo(text, question)).toBe(answer);
});

it('asks about tables with the value that stands beside the label', () => {
  const values = new Map([
    ['High temperature', '90%'],
    ['Dry cough', '50%'],
    ['Night sweats', '50%'],
    ['Swollen joints', '7.5%'],
    ['Weight loss', '7.5%'],
  ]);
  const asked = many(TABLE).filter((pair) => /%$/.test(pair.answer));
  expect(asked.length).toBeGreaterThan(0);
  for (const { question, answer } of asked) {
    expect(values.get(/"([^"]+)"/.exec(question)?.[1] ?? '')).toBe(answer);
    expect(question).toContain('Marsh fever');
  }
});

it('names lists by the words that lead to them, else by the title', () => {
  const questions = [...many(QUESTIONS), ...many(TABLE)]
    .map((pair) => pair.question)
    .filter((q) => q.includes('the list'));
  expect(
    questions.some((q) => q.includes('opens with "Foods that raise the level of uric acid include"')),
  ).toBe(true);
  expect(questions.some((q) => q.includes('the list for Marsh fever'))).toBe(true);
});

it('reaches every kind', () => {
  const kinds = new Set(Object.values(ALL).flatMap((text) => many(text).map((pair) => pair.kind)));
  expect([...kinds].sort()).toEqual(['cot', 'option', 'option-cot', 'plain']);
});

/** Texts that differ in a number alone, so that each has its own draws. */
const variants = Array.from({ length: 300 }, (_, i) => VACCINES.replace('2,000', `2,${100 + i}`));

it('lets no label and no place among the options win', () => {
  const pairs = variants
    .flatMap((text) => minePairs(text, { limit: 20, bytes: 100_000 }))
    // The only consequence that this passage states is asked about in all of them.
    .filter((pair) => !/Hypothesis|be sure/.test(pair.question));
  for (const labels of [
    ['Yes', 'No'],
    ['True', 'False'],
  ]) {
    const [a = 0, b = 0] = labels.map((label) => pairs.filter((pair) => pair.answer === label).length);
    expect(Math.min(a, b)).toBeGreaterThan(0.4 * (a + b));
  }
  const choices = pairs.filter((pair) => pair.options?.length === 3 && !LABEL.test(pair.answer));
  expect(choices.length).toBeGreaterThan(100);
  for (const place of [0, 1, 2]) {
    const share =
      choices.filter((pair) => pair.options?.indexOf(pair.answer) === place).length / choices.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.47);
  }
});

it('calls a claim true only when the text has it word for word', () => {
  let [held, denied] = [0, 0];
  for (const pair of variants.flatMap((text) => minePairs(text, { limit: 20, bytes: 100_000 }))) {
    if (!/^(?:Yes|No|True|False)$/.test(pair.answer) || /Hypothesis|be sure/.test(pair.question)) continue;
    const statement = pair.question.replace(/^.*?(?:\?|:|false\.) (?=[A-Z])/, '');
    const stands = variants.some((text) => text.includes(statement));
    const holds = pair.answer === 'Yes' || pair.answer === 'True';
    expect([statement, stands]).toEqual([statement, holds]);
    if (holds) held++;
    else denied++;
  }
  expect(Math.min(held, denied)).toBeGreaterThan(50);
});

it.each([
  ['nothing', ''],
  ['white space', ' \n\n\t'],
  ['a single word', 'Word'],
  [
    'sentences that point elsewhere',
    'It was closed in 1999 after the war. They said that this was the best of them all. These were sold to him.',
  ],
  ['talk about the page', 'Click the link below to read more about the 12 clinics of the region.'],
])('mines nothing from %s', (_name, text) => {
  expect(minePairs(text)).toEqual([]);
});

it('asks nothing with a pronoun that is left open', () => {
  for (const pair of Object.values(ALL).flatMap(many)) {
    expect(pair.question).not.toMatch(
      /^What (?:is|are|does|do|can) (?:it|they|this (?!text)|these|that|he|she)\b/,
    );
  }
});

it('never lets a mark of the protocol through', () => {
  const text = HEART.replace('The sinoatrial node is', 'The sinoatrial node <QUE> is').replace(
    'A pacemaker',
    'A </END> pacemaker',
  );
  expectSound(text, many(text));
});

const words = fc.constantFrom(
  'The',
  'node',
  'is',
  'a',
  '(',
  ')',
  '"',
  '12',
  '7%',
  '-',
  '.',
  'However,',
  'because',
  'Short neck',
  '\n',
  '\n\n',
  'include',
  'WHO',
  'In 1990,',
  '<ANS>',
  'dominant',
  'Therefore, the answer is',
  'é',
  '骨',
);

it('never throws, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: words }, fc.string({ maxLength: 6 })), { maxLength: 120 }),
      (parts) => {
        const text = parts.join(' ');
        const pairs = minePairs(text);
        expectSound(text, pairs);
        expectFits(pairs);
      },
    ),
  );
});

it.each([
  ['one word of a megabyte', 'a'.repeat(1_000_000)],
  ['a megabyte of one sentence', 'The heart and '.repeat(80_000)],
  ['dashes without end', `Signs include ${'- Fever '.repeat(100_000)}`],
  ['rows without end', `Signs (when known) ${'Fever 90% '.repeat(100_000)}`],
  ['open brackets', '(('.repeat(200_000)],
  ['empty headings', '#\n\n# \n\n'.repeat(50_000)],
  [
    'control characters',
    `Gout\u0000\u0007 is a \u001b[31mdisease\u0000 of the joints. ${'\u0001\u0008 '.repeat(10_000)}`,
  ],
  ['glossary marks', '- A : A '.repeat(100_000)],
])('is not broken or held up by %s', (_name, text) => {
  const pairs = minePairs(text);
  expectSound(text, pairs);
  expectFits(pairs);
});

it('asks for lists whole, for terms, and for the pattern of inheritance', () => {
  expect(answerTo(QUESTIONS, /Foods that raise/)).toBe('Red meat; Beer; Shellfish; Sweet drinks');
  expect(answerTo(TABLE, /inherit/)).toBe('Autosomal recessive inheritance');
  const glossary =
    'Tests\nThe following are used: - CT scan : A procedure that makes a series of detailed pictures. - Biopsy : The removal of cells.';
  expect(answerTo(glossary, /CT scan/)).toBe('A procedure that makes a series of detailed pictures');
});

it.each([
  ['Low-set ears', 'High-set ears'],
  ['Hypertonia', 'Hypotonia'],
  ['Autosomal dominant inheritance', 'Autosomal recessive inheritance'],
  ['Hypospadias', undefined],
  ['Fever', undefined],
])('turns %j into %j', (item, opposite) => {
  expect(turned(item)).toBe(opposite);
});

it.each([
  [
    'a list behind semicolons is not cut',
    'Leigh disease is characterized by weak muscles; deafness; and loss of sight.',
    'weak muscles; deafness; and loss of sight',
  ],
  [
    'a second verb ends the object',
    'Leigh disease is caused by mutations in one gene and is inherited from the mother.',
    'mutations in one gene',
  ],
  ['a rank defines nothing', 'Radon is the second leading cause of lung cancer in the country.', 'Radon'],
  [
    'a count is how common it is',
    'Leigh disease affects about 1 in 40,000 newborns in most countries.',
    'about 1 in 40,000 newborns in most countries',
  ],
])('%s', (_name, sentence, answer) => {
  expect(answerTo(sentence, /^(?:What (?:is|causes)|How common)/)).toBe(answer);
});
