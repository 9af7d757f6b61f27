import { z } from 'zod';

/** The stop words of Gopher (Rae et al. 2021): English. */
export const STOP_WORDS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];
/** The languages (ISO 639-3) that texts can be told by. */
export const LANGUAGES = (
  'amh arb azj bel ben bho bos bul ceb ces ckb cmn deu ell eng fra fuv guj hau hin hms hnj hrv hun ibo ilo ind ita ' +
  'jav jpn kan kaz kin koi kor lin mad mag mai mal mar mya nld npi nya pan pbu pes plt pol por qug ron run rus sin ' +
  'skr som spa srp sun swe swh tam tel tgl tha tur ukr urd uzn vie yor zlm zul zyb'
).split(' ');

const part = z.number().min(0).max(1);
/** A rule with its thresholds, of which each has the paper's by default, or `true` for all of them. */
const orTrue = <Shape extends z.ZodRawShape>(rule: z.ZodObject<Shape, z.core.$strict>) =>
  z.union([z.literal(true).transform(() => rule.parse({})), rule], {
    error: 'must be true, or an object of thresholds',
  });

const gopherQuality = z.strictObject({
  minWords: z.int().min(0).default(50),
  maxWords: z.int().min(0).default(100_000),
  minMeanWordLength: z.number().min(0).default(3),
  maxMeanWordLength: z.number().min(0).default(10),
  maxSymbols: z.number().min(0).default(0.1),
  maxBulletLines: part.default(0.9),
  maxEllipsisLines: part.default(0.3),
  minAlphabeticWords: part.default(0.8),
  minStopWords: z.int().min(0).default(2),
  stopWords: z
    .array(z.string().regex(/^\S{1,40}$/u, 'is not a word'))
    .max(1000)
    .default(STOP_WORDS),
});

const gopherRepetition = z.strictObject({
  maxDuplicateLines: part.default(0.3),
  maxDuplicateParagraphs: part.default(0.3),
  maxDuplicateLineCharacters: part.default(0.2),
  maxDuplicateParagraphCharacters: part.default(0.2),
  maxTopGrams: z.tuple([part, part, part]).default([0.2, 0.18, 0.16]),
  maxDuplicateGrams: z
    .tuple([part, part, part, part, part, part])
    .default([0.15, 0.14, 0.13, 0.12, 0.11, 0.1]),
});

const language = z.strictObject({
  allow: z
    .array(
      z.string().refine((code) => LANGUAGES.includes(code), {
        error: ({ input }) =>
          `"${String(input)}" is none of the languages that texts can be told by (ISO 639-3: ${LANGUAGES.join(', ')})`,
      }),
    )
    .min(1),
  minScore: part.default(0.9),
});

export const quality = z
  .strictObject({
    language: language.exactOptional(),
    gopherQuality: orTrue(gopherQuality).exactOptional(),
    gopherRepetition: orTrue(gopherRepetition).exactOptional(),
  })
  .describe('Texts that are not used: scan rejects them, each with its reason.');

export type Quality = z.output<typeof quality>;
export type GopherQuality = z.output<typeof gopherQuality>;
export type GopherRepetition = z.output<typeof gopherRepetition>;
export type LanguageRule = z.output<typeof language>;

/** The keys that each of its objects may have, by path. */
export const qualityShapes: Record<string, object> = {
  quality: quality.shape,
  'quality.language': language.shape,
  'quality.gopherQuality': gopherQuality.shape,
  'quality.gopherRepetition': gopherRepetition.shape,
};

/** What is wrong with thresholds that are each right by themselves. */
export function qualityProblems({ gopherQuality: gopher, language }: Quality): string[] {
  if (gopher === undefined) return [];
  const problems: string[] = [];
  for (const name of ['Words', 'MeanWordLength'] as const) {
    const [min, max] = [gopher[`min${name}`], gopher[`max${name}`]];
    if (min > max) problems.push(`quality.gopherQuality: min${name} is ${min}, more than max${name}, ${max}`);
  }
  const words = new Set(gopher.stopWords);
  if (gopher.minStopWords > words.size) {
    problems.push(
      `quality.gopherQuality.minStopWords: is ${gopher.minStopWords}, of ${words.size} stop words`,
    );
  }
  const others = language?.allow.filter((code) => code !== 'eng') ?? [];
  if (
    others.length > 0 &&
    gopher.minStopWords > 0 &&
    STOP_WORDS.every((word) => words.has(word)) &&
    words.size === STOP_WORDS.length
  ) {
    problems.push(
      `quality.gopherQuality.stopWords: are English by default, which rejects texts in ${others.join(', ')}; name words of all languages that are allowed, or set minStopWords to 0`,
    );
  }
  return problems;
}
