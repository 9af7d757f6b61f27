import { describe, expect, test } from 'vitest';
import { InvalidSpec } from '../../lake/errors.ts';
import { milliseconds } from '../../lake/spec/fields.ts';
import {
  checkSpec,
  inheritSpec,
  parseBegun,
  parseSpec,
  specSchema,
  withoutSteering,
} from '../../lake/spec.ts';

const minimal = {
  domain: 'biomed',
  input: { prefix: 'raw/biomed/', text: 'text' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  tokenizer: 'default',
  sequenceLength: 4096,
  mix: { sources: [{ from: 'augmented', weight: 1 }] },
};
function problems(spec: unknown): string {
  try {
    parseSpec(spec);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidSpec);
    return (error as Error).message;
  }
  throw new Error('the spec was accepted');
}

test('defaults are filled in', () => {
  expect(parseSpec({ $schema: 'x', ...minimal })).toMatchObject({
    mode: 'full',
    seed: 'instruct-lake',
    maxFailedFraction: 0,
    dedupe: { near: true, threshold: 0.75 },
    decisionTimeout: '6h',
    onTimeout: 'fail',
    input: { partitionBytes: 67108864 },
    mix: { maxRepeat: 4, strict: false, alsoRaw: false },
    shards: { formats: ['megatron'], bytes: 1073741824, pack: 'concat', layout: 'mixed', mask: false },
  });
});
test('every problem is listed at once, unknown keys with the nearest name', () => {
  const message = problems({
    ...minimal,
    domain: 'Bio Med',
    sequenceLenght: 1,
    input: { prefix: '/raw', txt: 'text' },
    mix: { sources: [{ from: 'instructions', prefix: 'raw/i/', question: 'q', anwser: 'a', weight: 0 }] },
  });
  for (const part of [
    'domain: is not a domain',
    'sequenceLenght: unknown key (did you mean "sequenceLength"?)',
    'input.prefix: is not a key prefix',
    'input.text: is missing',
    'input.txt: unknown key (did you mean "text"?)',
    'mix.sources[0].answer: is missing',
    'mix.sources[0].anwser: unknown key (did you mean "answer"?)',
    'mix.sources[0].weight',
  ]) {
    expect(message).toContain(part);
  }
  expect(message).toContain('the spec has 8 problems');
});
test('rules of quality have the thresholds of the paper by default, and are asked for by name or by `true`', () => {
  const { quality } = parseSpec({
    ...minimal,
    quality: {
      gopherQuality: true,
      gopherRepetition: { maxDuplicateLines: 0.5 },
      language: { allow: ['eng'] },
    },
  });
  expect(quality).toEqual({
    language: { allow: ['eng'], minScore: 0.9 },
    gopherQuality: {
      minWords: 50,
      maxWords: 100_000,
      minMeanWordLength: 3,
      maxMeanWordLength: 10,
      maxSymbols: 0.1,
      maxBulletLines: 0.9,
      maxEllipsisLines: 0.3,
      minAlphabeticWords: 0.8,
      minStopWords: 2,
      stopWords: ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'],
    },
    gopherRepetition: {
      maxDuplicateLines: 0.5,
      maxDuplicateParagraphs: 0.3,
      maxDuplicateLineCharacters: 0.2,
      maxDuplicateParagraphCharacters: 0.2,
      maxTopGrams: [0.2, 0.18, 0.16],
      maxDuplicateGrams: [0.15, 0.14, 0.13, 0.12, 0.11, 0.1],
    },
  });
  expect(parseSpec(minimal)).not.toHaveProperty('quality');
  expect(parseSpec({ ...minimal, quality: {} }).quality).toEqual({});
});
test('what is wrong with rules of quality is said where it stands', () => {
  const wrong = (quality: unknown): string => problems({ ...minimal, quality });
  const message = wrong({
    gopherQuality: { maxWrds: 3, minWords: -1 },
    gopherRepetition: { maxTopGrams: [1, 2] },
    gopherRepetiton: true,
    language: { allow: ['en'], minscore: 1 },
  });
  for (const part of [
    'quality.gopherQuality.maxWrds: unknown key (did you mean "maxWords"?)',
    'quality.gopherQuality.minWords: Too small',
    'quality.gopherRepetition.maxTopGrams: Too small',
    'quality.gopherRepetiton: unknown key (did you mean "gopherRepetition"?)',
    'quality.language.allow[0]: "en" is none of the languages that texts can be told by (ISO 639-3: amh, arb,',
    'quality.language.minscore: unknown key (did you mean "minScore"?)',
  ]) {
    expect(message).toContain(part);
  }
  expect(wrong({ gopherQuality: false })).toContain(
    'quality.gopherQuality: must be true, or an object of thresholds',
  );
  const crossed = wrong({ gopherQuality: { minWords: 9, maxWords: 8, stopWords: ['der'], minStopWords: 2 } });
  expect(crossed).toContain('quality.gopherQuality: minWords is 9, more than maxWords, 8');
  expect(crossed).toContain('quality.gopherQuality.minStopWords: is 2, of 1 stop words');
});
test('the stop words are English, which a spec that allows other languages must know', () => {
  const language = { allow: ['eng', 'deu'] };
  expect(problems({ ...minimal, quality: { language, gopherQuality: true } })).toContain(
    'quality.gopherQuality.stopWords: are English by default, which rejects texts in deu',
  );
  for (const gopherQuality of [{ minStopWords: 0 }, { stopWords: ['the', 'and', 'der', 'und'] }]) {
    expect(() => parseSpec({ ...minimal, quality: { language, gopherQuality } })).not.toThrow();
  }
});
test('filters have the kinds they drop by default, and only limits that something can pass', () => {
  const { filters, judge } = parseSpec({
    ...minimal,
    filters: { grounding: { min: 0.5 }, copy: { max: 1, kinds: ['cot'] }, answerLength: { max: 9 } },
    judge: { endpoint: 'another' },
  });
  expect(filters).toEqual({
    grounding: { min: 0.5, kinds: ['plain'] },
    copy: { max: 1, kinds: ['cot'] },
    answerLength: { max: 9, kinds: ['plain', 'option', 'cot', 'option-cot'] },
  });
  expect(judge).toEqual({ endpoint: 'another', pairs: 100 });
  expect(parseSpec(minimal)).not.toHaveProperty('filters');
  const message = problems({
    ...minimal,
    filters: { grounding: { max: 0.5 }, copy: { max: 2, kinds: ['plane'] }, lenght: {} },
    judge: { endpont: 'x', pairs: 0 },
  });
  for (const part of [
    'filters.grounding.min: is missing',
    'filters.grounding.max: unknown key',
    'filters.copy.max',
    'filters.copy.kinds[0]: must be "plain" or',
    'filters.lenght: unknown key',
    'judge.endpoint: is missing',
    'judge.endpont: unknown key (did you mean "endpoint"?)',
    'judge.pairs',
  ]) {
    expect(message).toContain(part);
  }
  expect(problems({ ...minimal, filters: { questionLength: { min: 3, max: 2 } } })).toContain(
    'filters.questionLength: min is 3, more than max, 2',
  );
});
test('dedupe takes a part of its keys, and no threshold that its bands cannot find', () => {
  expect(parseSpec({ ...minimal, dedupe: { threshold: 0.9 } }).dedupe).toEqual({
    near: true,
    threshold: 0.9,
    verify: 'estimate',
  });
  expect(problems({ ...minimal, dedupe: { threshold: 0.4 } })).toContain('dedupe.threshold');
  expect(problems({ ...minimal, dedupe: { treshold: 0.9 } })).toContain('did you mean "threshold"?');
});
test.each([
  ['a URL', { ...minimal, input: { prefix: 'https://host/x/', text: 't' } }],
  ['a way up', { ...minimal, input: { prefix: 'raw/../other/', text: 't' } }],
  ['a URL as endpoint', { ...minimal, synthesize: { ...minimal.synthesize, endpoint: 'http://evil' } }],
  ['a path as tokenizer', { ...minimal, tokenizer: '../../etc/passwd' }],
  ['not an object', 'x'],
  ['nothing', undefined],
])('%s is refused', (_, spec) => {
  problems(spec);
});
test('a source may stand in a mix once', () => {
  const sources = [
    { from: 'augmented', weight: 1 },
    { from: 'augmented', weight: 2 },
  ];
  expect(problems({ ...minimal, mix: { sources } })).toContain('"augmented" stands there more than once');
});
test('a decision time-out is a whole number of seconds, minutes, hours or days, thirty days at most', () => {
  expect(['1s', '30m', '6h', '2d'].map(milliseconds)).toEqual([1_000, 1_800_000, 21_600_000, 172_800_000]);
  expect(parseSpec({ ...minimal, decisionTimeout: '30d', onTimeout: 'accept' }).onTimeout).toBe('accept');
  for (const decisionTimeout of ['0s', '1.5h', '6 h', '-1s', 'PT6H', '6', '']) {
    expect(problems({ ...minimal, decisionTimeout })).toContain('decisionTimeout: is not a duration such as');
  }
  expect(problems({ ...minimal, decisionTimeout: '31d' })).toContain('decisionTimeout: is more than 30 days');
  expect(problems({ ...minimal, decisionTimeout: 6 })).toContain('decisionTimeout: is a number');
  expect(problems({ ...minimal, onTimeout: 'wait' })).toContain('onTimeout: must be "accept" or "fail"');
});
test('the JSON Schema knows the keys and refuses others', () => {
  type Kind = { properties: Record<string, unknown>; additionalProperties: boolean };
  const { anyOf } = specSchema() as { anyOf: Kind[] };
  expect(anyOf.map(({ properties }) => 'from' in properties)).toEqual([false, true, true]);
  for (const { properties, additionalProperties } of anyOf) {
    expect(Object.keys(properties)).toContain('sequenceLength');
    expect(additionalProperties).toBe(false);
  }
});

describe('a spec that begins on pairs', () => {
  const { input: _, synthesize: __, ...rest } = minimal;
  const begun = (from: object, more: object = {}) => ({ ...rest, from, ...more });
  const refused = (spec: object): string => {
    try {
      checkSpec(spec);
    } catch (error) {
      return String(error);
    }
    return '';
  };
  test('is a whole spec, whose corpus are the pairs', () => {
    expect(checkSpec(begun({ pairs: 'pairs/biomed/', rounds: 2 }))).toEqual(
      parseSpec({
        ...rest,
        input: { prefix: 'pairs/biomed/', id: 'id', title: 'title', text: 'context', pairs: 'pairs' },
        synthesize: { generator: 'given', rounds: 2, share: 1 },
      }),
    );
  });
  test.each([
    [begun({ pairs: 'pairs/biomed' }), 'from.pairs: is not a key prefix'],
    [begun({ pairs: 'pairs/x/', round: 2 }), 'from.round: unknown key (did you mean "rounds"?)'],
    [begun({ pairs: 'pairs/x/' }, { input: minimal.input }), 'input: unknown key'],
    [begun({ pairs: 'pairs/x/' }, { tokenizer: 5 }), 'tokenizer: is a number'],
    [begun({ pairs: 'pairs/x/', share: 0 }), 'with share 0 "augmented" has no tokens'],
    [{ ...minimal, input: { ...minimal.input, pairs: 'p' } }, 'input.pairs: is for the generator "given"'],
    [{ ...minimal, synthesize: { generator: 'given' } }, 'input.pairs: is missing'],
    [{ ...minimal, synthesize: { generator: 'given', endpoint: 'x' } }, 'synthesize.endpoint: unknown key'],
  ])('%j is refused', (spec, problem) => {
    expect(refused(spec)).toContain(problem);
  });
});

describe('a mix', () => {
  const withMix = (mix: unknown) => ({ ...minimal, mix });
  test('by a preset is the sources that it stands for', () => {
    const instructions = { prefix: 'raw/i/', question: 'q', answer: 'a' };
    expect(parseSpec(withMix({ preset: 'general' })).mix.sources).toEqual([
      { from: 'augmented', repeat: 1 },
      { from: 'raw', repeat: 1 },
    ]);
    expect(parseSpec(withMix({ preset: 'domain-adaptive', instructions })).mix.sources).toEqual([
      { from: 'augmented', weight: 1 },
      { from: 'instructions', ...instructions, weight: 1 },
    ]);
  });
  test.each([
    [{}, 'mix: takes either sources or a preset'],
    [{ preset: 'general', sources: [{ from: 'raw', weight: 1 }] }, 'mix: takes either sources or a preset'],
    [{ preset: 'domain-adaptive' }, 'instructions belong to the preset "domain-adaptive", which needs them'],
    [{ sources: [{ from: 'raw' }] }, 'mix.sources[0]: needs one of weight, tokens, repeat'],
    [{ sources: [{ from: 'raw', weight: 1, repeat: 2 }] }, 'mix.sources[0]: needs one of'],
    [
      {
        sources: [
          { from: 'raw', weight: 1 },
          { from: 'augmented', repeat: 1 },
        ],
      },
      'mix.sources: weights stand in all sources or in none',
    ],
    [{ sources: [{ from: 'raw', repeat: 1 }], tokens: 5 }, 'mix.tokens: is divided by weights'],
    [{ sources: [{ from: 'augmented', repeat: 1 }], share: 0 }, 'with share 0 "augmented" has no tokens'],
  ])('%j is refused', (mix, problem) => {
    expect(problems(withMix(mix))).toContain(problem);
  });
  test('converts no more than is synthesized', () => {
    const synthesize = { ...minimal.synthesize, share: 0.4 };
    const spec = { ...withMix({ preset: 'general', share: 0.5 }), synthesize };
    expect(problems(spec)).toContain('mix.share: is 0.5, more than is converted (synthesize.share is 0.4)');
  });
});

describe('shards', () => {
  const withShards = (shards: unknown) => ({ ...minimal, shards });
  test('take one format or several, each once and in a fixed order', () => {
    expect(parseSpec(withShards({ format: 'olmo' })).shards.formats).toEqual(['olmo']);
    const { formats } = parseSpec(withShards({ formats: ['arrow', 'megatron', 'arrow'] })).shards;
    expect(formats).toEqual(['megatron', 'arrow']);
    expect(problems(withShards({ format: ['olmo'] }))).toContain(
      'shards.format: is an array, and must be "megatron"',
    );
    expect(problems(withShards({ format: 'olmo', formats: ['arrow'] }))).toContain(
      'formats or format, not both',
    );
  });
  test('with a mask that nobody looks at are refused, unless that is meant', () => {
    expect(problems(withShards({ mask: true }))).toContain('trainers of megatron do not look at one');
    expect(parseSpec(withShards({ mask: true, ignoreMask: true })).shards.mask).toBe(true);
    expect(parseSpec(withShards({ mask: true, formats: ['olmo', 'arrow'] })).shards.mask).toBe(true);
  });
});

describe('a spec that begins on a run', () => {
  const begun = (stage: string, more: object) => ({ domain: 'biomed', from: { run: 'r1', stage }, ...more });
  const refused = (spec: object): string => {
    try {
      parseBegun(spec);
    } catch (error) {
      return String(error);
    }
    return '';
  };
  test('says what is done anew, and nothing that is settled before', () => {
    expect(refused(begun('mix', { mix: { share: 0.2 }, shards: { bytes: 2048 } }))).toBe('');
    expect(refused(begun('mix', { tokenizer: 'x' }))).toContain(
      'settled before stage "mix"; begin from "template"',
    );
    expect(refused(begun('template', { filters: {} }))).toContain(
      'filters: is settled before stage "template"',
    );
    expect(refused(begun('filter', { filters: {}, tokenizer: 'x' }))).toBe('');
    expect(refused(begun('filter', { input: {} }))).toContain('input: is as in the run that `from` names');
    expect(refused(begun('shards', {}))).toContain('from.stage: must be');
    expect(refused({ domain: 'biomed', from: { run: 'r1' } })).toContain(
      'from.stage: is missing, and must be',
    );
  });
  test('inherits the rest, and of the mix what it does not say', () => {
    const source = parseSpec({
      ...minimal,
      mix: { sources: [{ from: 'augmented', weight: 1 }], tokens: 500, maxRepeat: 2 },
      train: { launcher: 'x' },
    });
    const spec = inheritSpec(parseBegun(begun('mix', { mix: { share: 0.2 } })), source);
    expect(spec.mix).toEqual({ ...source.mix, share: 0.2 });
    expect(spec.input).toEqual(source.input);
    expect(spec.train).toBeUndefined();
    const other = inheritSpec(parseBegun(begun('mix', { mix: { preset: 'general' } })), source);
    expect(other.mix.tokens).toBeUndefined();
  });
});

test('the generator decides which keys `synthesize` has', () => {
  const chat = { generator: 'chat', endpoint: 'default' };
  const all = ['question-answer', 'faq', 'table', 'tutorial', 'maths'];
  expect(parseSpec({ ...minimal, synthesize: chat }).synthesize).toEqual({
    ...chat,
    prompts: all,
    rounds: 3,
    share: 1,
  });
  const wrong = (synthesize: object) => problems({ ...minimal, synthesize });
  expect(wrong({ ...chat, prompts: ['faq', 'fqa'] })).toContain(
    `synthesize.prompts[1]: must be ${all.map((name) => JSON.stringify(name)).join(' or ')}`,
  );
  expect(wrong({ ...chat, prompts: [] })).toContain('synthesize.prompts');
  expect(wrong({ ...chat, prompts: ['faq', 'table', 'faq'] })).toContain('"faq" stands there more than once');
  expect(wrong({ ...chat, promts: ['faq'] })).toContain(
    'synthesize.promts: unknown key (did you mean "prompts"?)',
  );
  expect(wrong({ ...minimal.synthesize, prompts: ['faq'] })).toContain('synthesize.prompts: unknown key');
  expect(wrong({ ...chat, generator: 'chatt' })).toContain(
    'synthesize.generator: must be "instruction-synthesizer" or "chat"',
  );
  expect(JSON.stringify(specSchema())).toContain(JSON.stringify(all));
});
test('evaluation sets: policies by field, at least one field, names once, unknown keys with the nearest name', () => {
  const set = {
    name: 'squad',
    prefix: 'eval/squad/',
    fields: { question: 'question', answer: 'answers.text' },
  };
  const of = (...sets: object[]) => ({ ...minimal, decontaminate: { sets } });
  expect(parseSpec(of(set)).decontaminate?.sets[0]?.policy).toEqual({
    question: 'drop',
    answer: 'drop',
    options: 'flag',
    context: 'flag',
  });
  expect(parseSpec(of({ ...set, policy: { answer: 'flag' } })).decontaminate?.sets[0]?.policy).toMatchObject({
    question: 'drop',
    answer: 'flag',
  });
  expect(parseSpec(minimal).decontaminate).toBeUndefined();
  const wrong = (...sets: object[]) => problems(of(...sets));
  expect(wrong()).toContain('decontaminate.sets');
  expect(wrong(set, { ...set, prefix: 'eval/2/' })).toContain('the name "squad" stands there more than once');
  for (const prefix of ['raw/biomed/eval/', 'raw/biomed/', 'raw/']) {
    expect(wrong({ ...set, prefix })).toContain('an input, "raw/biomed/", lie in each other');
  }
  expect(wrong({ ...set, fields: {} })).toContain('decontaminate.sets[0].fields: names no field');
  expect(wrong({ ...set, fields: { qestion: 'q' } })).toContain(
    'decontaminate.sets[0].fields.qestion: unknown key (did you mean "question"?)',
  );
  expect(wrong({ ...set, fields: { question: 'a..b' } })).toContain('is not a column or property');
  expect(wrong({ ...set, policy: { question: 'dorp' } })).toContain('must be "drop" or "flag"');
  expect(wrong({ ...set, policy: { contxt: 'drop' } })).toContain('did you mean "context"?');
  expect(wrong({ ...set, prefx: 'x' })).toContain('did you mean "prefix"?');
  expect(problems({ ...minimal, decontaminate: { set: [] } })).toContain('did you mean "sets"?');
});
test('what steers a run is told from what decides it', () => {
  const of = (spec: object): object => withoutSteering(parseSpec(spec));
  const { synthesize } = minimal;
  const steered = {
    ...minimal,
    maxFailedFraction: 0.5,
    decisionTimeout: '1h',
    onTimeout: 'accept',
    synthesize: { ...synthesize, concurrency: 64 },
  };
  expect(of(steered)).toEqual(of(minimal));
  expect(of({ ...minimal, synthesize: { ...synthesize, share: 0.5 } })).not.toEqual(of(minimal));
  for (const concurrency of [0, 1.5, 2e6, '8']) {
    expect(problems({ ...minimal, synthesize: { ...synthesize, concurrency } })).toContain(
      'synthesize.concurrency',
    );
  }
});
