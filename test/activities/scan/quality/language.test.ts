import { data } from 'franc-min/data.js';
import { expressions } from 'franc-min/expressions.js';
import { describe, expect, test } from 'vitest';
import { language } from '../../../../activities/scan/quality/language.ts';
import { readText } from '../../../../activities/scan/quality/rule.ts';
import { LANGUAGES } from '../../../../lake/spec/quality.ts';
import { times, verdictOf } from './rules.ts';

const english = language({ allow: ['eng'], minScore: 0.9 });
// The first article of the Universal Declaration of Human Rights.
const TEXTS: Readonly<Record<string, string>> = {
  eng: 'All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.',
  fra: 'Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.',
  deu: 'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.',
  rus: 'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.',
  cmn: times(
    3,
    () => '人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。',
    '',
  ),
};

describe('the language of a text', () => {
  test.each(Object.keys(TEXTS))('%s is told from the others', (name) => {
    for (const other of Object.keys(TEXTS)) {
      const passes = verdictOf(language({ allow: [other], minScore: 0.9 }), TEXTS[name] ?? '') === 'passes';
      expect(passes, other).toBe(name === other);
    }
    expect(verdictOf(language({ allow: Object.keys(TEXTS), minScore: 1 }), TEXTS[name] ?? '')).toBe('passes');
  });
  test('a close relative passes by its score, and not when the best is asked for', () => {
    const text = TEXTS.eng as string;
    const detail = language({ allow: ['fra'], minScore: 0.9 })(readText(text))?.detail ?? '';
    expect(detail).toMatch(/^reads as eng; the best of what is allowed has 0\.\d+, less than 0\.9$/);
    const score = Number(/0\.\d+/.exec(detail)?.[0]);
    expect(verdictOf(language({ allow: ['fra'], minScore: score - 0.001 }), text)).toBe('passes');
    expect(verdictOf(language({ allow: ['fra'], minScore: score + 0.001 }), text)).toBe('');
  });
  test('of under 100 characters nothing is said, of a longer text without a language that it has none', () => {
    expect(verdictOf(english, `${times(33, () => '12', '-')}+`)).toBe('passes');
    expect(
      verdictOf(
        english,
        times(34, () => '12', '-'),
      ),
    ).toBe('');
    expect(english(readText(times(40, () => 'ᚠᚢᚦ')))?.detail).toBe('reads as no language that is known');
  });
  test('a text that repeats itself is told as well', () => {
    const again = (name: string): string => times(30, () => (TEXTS[name] as string).slice(0, 60));
    expect(verdictOf(english, again('fra'))).toBe('');
    expect(verdictOf(english, again('eng'))).toBe('passes');
  });
  test('capitals, widths and spaces change nothing', () => {
    const wide = [...(TEXTS.eng as string).toUpperCase()].map((c) =>
      c === ' '
        ? '\u3000'
        : c >= 'A' && c <= 'Z'
          ? String.fromCodePoint((c.codePointAt(0) as number) + 0xfee0)
          : c,
    );
    expect(verdictOf(english, wide.join(''))).toBe('passes');
  });
  test('a long text is looked at in four places', () => {
    const [eng, deu] = [times(20, () => TEXTS.eng as string), times(20, () => TEXTS.deu as string)];
    expect(verdictOf(english, `${TEXTS.eng} ${deu}`)).toBe('');
    expect(verdictOf(english, `${TEXTS.deu} ${eng}`)).toBe('passes');
  });
});

test('a spec may name the languages that the library knows, and no others', () => {
  const known = Object.entries(expressions).flatMap(([script]) =>
    script in data ? Object.keys(data[script] as object) : [script],
  );
  expect(LANGUAGES).toEqual([...new Set(known)].sort());
});
