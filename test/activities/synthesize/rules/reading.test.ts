import { describe, expect, it } from 'vitest';
import { entitiesOf } from '../../../../activities/synthesize/rules/entities.ts';
import { readPassage } from '../../../../activities/synthesize/rules/passage.ts';
import { splitSentences } from '../../../../activities/synthesize/rules/sentences.ts';
import { readSubject } from '../../../../activities/synthesize/rules/subject.ts';
import { QUESTIONS } from './passages.ts';

describe('sentences', () => {
  it.each([
    ['One ends. Another begins.', ['One ends.', 'Another begins.']],
    ['Dr. Smith met J. Brown at 5.30 p.m. in May.', ['Dr. Smith met J. Brown at 5.30 p.m. in May.']],
    ['It belongs to Acme Inc. The firm is old.', ['It belongs to Acme Inc.', 'The firm is old.']],
    ['Rich in vitamin A. The rest is not.', ['Rich in vitamin A.', 'The rest is not.']],
    ['She said "Stop." He did.', ['She said "Stop."', 'He did.']],
    ['Fruit (e.g. apples) helps! Does it? Yes.', ['Fruit (e.g. apples) helps!', 'Does it?', 'Yes.']],
    ['It rose by 3.5 percent. - It fell later.', ['It rose by 3.5 percent.', 'It fell later.']],
    ['no end', ['no end']],
    ['', []],
  ])('splits %j', (paragraph, sentences) => {
    expect(splitSentences(paragraph)).toEqual(sentences);
  });
});

describe('passages', () => {
  it('takes title, headings and bulleted lines apart', () => {
    const passage = readPassage(
      `# Stocks\n\nHow to buy\nA share is a part of a firm that people buy\nand sell buy on an exchange by day.\n\n${QUESTIONS}`,
    );
    expect(passage.title).toBe('Stocks');
    expect(passage.paragraphs[0]?.heading).toBe('How to buy');
    expect(passage.paragraphs.at(-1)?.text).toBe(
      'Foods that raise the level of uric acid include - Red meat - Beer - Shellfish - Sweet drinks',
    );
  });

  it('joins lines that were broken inside a sentence', () => {
    const text =
      'A very long first line of a paragraph that was broken by hand\nstays one paragraph with the second.';
    expect(readPassage(text).sentences.map((sentence) => sentence.text)).toEqual([text.replace('\n', ' ')]);
  });

  it('prefers the title that it is given', () => {
    expect(readPassage('Heading\nA sentence that is long enough to stand.', 'Given').title).toBe('Given');
  });

  it.each([
    ['The sinoatrial node is a small cluster of cells.', true, true],
    ['It is a small cluster of cells in the heart.', true, false],
    ['Doctors often find this in young adults as well.', true, false],
    ['Diseases such as gout are common among older men.', true, true],
    ['For example, the node can fire too slowly at night.', true, false],
    ['See the table below for the signs of gout.', false, false],
    ['Signs include Fever Dry cough and chills Night sweats often Weight loss.', false, false],
    ['Too short to quote.', false, false],
    ['An unclosed bracket (as here makes a sentence unfit.', false, false],
  ])('judges %j', (text, usable, standsAlone) => {
    const [sentence] = readPassage(text).sentences;
    expect([sentence?.usable, sentence?.standsAlone]).toEqual([usable, standsAlone]);
  });
});

describe('subjects', () => {
  const passage = readPassage('Gout\nThe kidneys clear uric acid from the blood of a healthy person.');
  it.each([
    ['The sinoatrial node', 'the sinoatrial node', false],
    ['Mutations in the EMG1 gene', 'mutations in the EMG1 gene', true],
    ['Hodgkin disease', 'Hodgkin disease', false],
    ['Bonds and shares', 'bonds and shares', true],
    ['The cause of gout', 'the cause of gout', false],
  ])('reads %j', (before, text, plural) => {
    expect(readSubject(before, passage)).toEqual({ text, plural });
  });

  it.each([
    'It',
    'The condition',
    'Affected individuals',
    'In most cases, gout',
    'People who are ill',
    'This node',
    'Treatment',
    'The first number',
    'Such firms',
    '',
  ])('refuses %j', (before) => {
    expect(readSubject(before, passage)).toBeUndefined();
  });
});

it('finds entities by type', () => {
  const sentence =
    'In 1981 the Federal Reserve paid $3.5 billion, or 12 percent, to three banks and the WHO, as in June Parliament wanted.';
  expect(entitiesOf(sentence).map(({ type, text }) => [type, text])).toEqual([
    ['year', '1981'],
    ['name', 'Federal Reserve'],
    ['money', '$3.5 billion'],
    ['percentage', '12 percent'],
    ['number', 'three'],
    ['abbreviation', 'WHO'],
  ]);
});
