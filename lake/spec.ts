import { z } from 'zod';
import {
  type FromSpec,
  type FromStage,
  type IngestSpec,
  MAX_CONCURRENCY,
  type PairsSpec,
  PROMPTS,
} from '../workflows/contract.ts';
import { InvalidSpec } from './errors.ts';
import { DOMAIN } from './layout.ts';
import { suggest } from './nearest.ts';
import { DECONTAMINATE_KEYS, decontaminateProblems, decontaminateSchema } from './spec/decontaminate.ts';
import { chains, column, duration, name, part, prefix } from './spec/fields.ts';
import { from, fromPairs, fromProblems, PAIR_COLUMNS } from './spec/from.ts';
import { MIX_KEYS, mixGiven, mixProblems, mixSchema, mixSource } from './spec/mix.ts';
import { quality, qualityProblems, qualityShapes } from './spec/quality.ts';
import { SHARD_KEYS, shardSchema } from './spec/shards.ts';

/** The seed of every draw where a spec names none. */
export const DEFAULT_SEED = 'instruct-lake';

const input = z
  .strictObject({
    prefix,
    id: column.exactOptional(),
    text: column,
    title: column.exactOptional(),
    pairs: column.exactOptional(),
    minAge: duration.exactOptional(),
    partitionBytes: z
      .int()
      .min(1024)
      .max(2 ** 31)
      .default(64 * 2 ** 20),
  })
  .describe('The raw Parquet objects and the names of their columns.');

const dedupe = z.strictObject({
  near: z.boolean().default(true),
  threshold: z.number().min(0.5).max(1).default(0.75),
  verify: z.enum(['estimate', 'exact']).default('estimate'),
});

const rounds = {
  endpoint: name,
  ...chains,
  concurrency: z.int().min(1).max(MAX_CONCURRENCY).exactOptional(),
};
const synthesize = z.discriminatedUnion('generator', [
  z.strictObject({ generator: z.literal('instruction-synthesizer'), ...rounds }),
  z.strictObject({
    generator: z.literal('chat'),
    prompts: z
      .array(z.enum(PROMPTS))
      .min(1)
      .default([...PROMPTS]),
    ...rounds,
  }),
  z.strictObject({ generator: z.literal('given'), ...chains }),
]);

const KINDS = ['plain', 'option', 'cot', 'option-cot'] as const;
const kinds = (by: readonly (typeof KINDS)[number][]) =>
  z
    .array(z.enum(KINDS))
    .min(1)
    .default([...by]);
// Overlap with the text means little for choices and rationales: they are filtered by it only where that is asked.
const copied = z.strictObject({ max: part, kinds: kinds(['plain']) });
const length = z.strictObject({
  min: z.int().min(0).exactOptional(),
  max: z.int().min(0).exactOptional(),
  kinds: kinds(KINDS),
});
const filters = z.strictObject({
  grounding: z.strictObject({ min: part, kinds: kinds(['plain']) }).exactOptional(),
  copy: copied.exactOptional(),
  questionInContext: copied.exactOptional(),
  language: z.strictObject({ min: part, kinds: kinds(KINDS) }).exactOptional(),
  questionLength: length.exactOptional(),
  answerLength: length.exactOptional(),
});

const judge = z.strictObject({ endpoint: name, pairs: z.int().min(1).max(10_000).default(100) });

const Spec = z.strictObject({
  $schema: z.string().exactOptional(),
  domain: z.string().regex(DOMAIN, 'is not a domain ([a-z0-9-], 40 at most)'),
  mode: z.enum(['full', 'incremental']).default('full'),
  from: from.exactOptional(),
  input,
  quality: quality.exactOptional(),
  dedupe: dedupe.default({ near: true, threshold: 0.75, verify: 'estimate' }),
  decontaminate: decontaminateSchema.exactOptional(),
  synthesize,
  filters: filters.exactOptional(),
  judge: judge.exactOptional(),
  tokenizer: name,
  sequenceLength: z
    .int()
    .min(16)
    .max(2 ** 24),
  mix: mixSchema,
  shards: shardSchema.prefault({}),
  train: z.strictObject({ launcher: name }).exactOptional(),
  seed: z.string().min(1).max(200).default(DEFAULT_SEED),
  maxFailedFraction: part.default(0),
  decisionTimeout: duration.default('6h'),
  onTimeout: z.enum(['accept', 'fail']).default('fail'),
});

/** A spec with all its defaults: what a run pins. */
export type FullSpec = z.output<typeof Spec>;

/** The contract's type and this schema are held together by the compiler: what one accepts the other accepts. */
type Accepts<Wide, Narrow extends Wide> = Narrow;
export type SchemaAcceptsContract = Accepts<z.input<typeof Spec>, IngestSpec>;
export type ContractAcceptsSchema = Accepts<IngestSpec, FullSpec>;

/** A spec that begins on another run: all that it does not say is as there. */
const BegunSpec = z.strictObject({
  $schema: Spec.shape.$schema,
  domain: Spec.shape.domain,
  from,
  filters: filters.exactOptional(),
  tokenizer: name.exactOptional(),
  sequenceLength: Spec.shape.sequenceLength.exactOptional(),
  mix: mixGiven.exactOptional(),
  shards: shardSchema.exactOptional(),
  train: Spec.shape.train,
  maxFailedFraction: part.exactOptional(),
  decisionTimeout: duration.exactOptional(),
  onTimeout: z.enum(['accept', 'fail']).exactOptional(),
});
export type BegunSpec = z.output<typeof BegunSpec>;
export type BegunSchemaAcceptsContract = Accepts<z.input<typeof BegunSpec>, FromSpec>;
export type ContractAcceptsBegunSchema = Accepts<FromSpec, BegunSpec>;

/** A spec that begins on pairs in the lake: what it means is a whole spec. */
const PairsOnlySpec = Spec.omit({ input: true, synthesize: true }).extend({ from: fromPairs });
export type PairsSchemaAcceptsContract = Accepts<z.input<typeof PairsOnlySpec>, PairsSpec>;

/** The endpoint that pairs are asked of, by its name; null where they come with the texts. */
export const endpointOf = ({ synthesize }: Pick<FullSpec, 'synthesize'>): string | null =>
  synthesize.generator === 'given' ? null : synthesize.endpoint;

/** Whether a checked spec begins on another run. */
export const isBegun = (spec: FullSpec | BegunSpec): spec is BegunSpec => !('input' in spec);

/** Which schema a spec is meant to follow, by what it begins on. */
function schemaOf(value: unknown): typeof Spec | typeof BegunSpec | typeof PairsOnlySpec {
  if (typeof value !== 'object' || value === null || !('from' in value)) return Spec;
  return hasPairs(value.from) ? PairsOnlySpec : BegunSpec;
}
const hasPairs = (from: unknown): boolean => typeof from === 'object' && from !== null && 'pairs' in from;

/** Checks a spec of any kind, as far as that can be told without the run that it may begin on. Throws InvalidSpec. */
export function checkSpec(value: unknown): FullSpec | BegunSpec {
  const schema = schemaOf(value);
  return schema === BegunSpec ? parseBegun(value) : schema === Spec ? parseSpec(value) : parsePairs(value);
}

/** The whole spec of a run that begins on pairs in the lake: they are its corpus. Throws InvalidSpec. */
function parsePairs(value: unknown): FullSpec {
  const parsed = PairsOnlySpec.safeParse(value, { reportInput: true });
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(describe));
  const { from, ...rest } = parsed.data;
  const { pairs, ...chains } = from;
  return parseSpec({
    ...rest,
    input: { prefix: pairs, ...PAIR_COLUMNS },
    synthesize: { generator: 'given', ...chains },
  });
}

/** Checks a spec that begins on another run. Throws InvalidSpec that lists every problem at once. */
export function parseBegun(value: unknown): BegunSpec {
  const { stage } = ((value as { from?: unknown }).from ?? {}) as { stage?: FromStage };
  const foreign = stage === undefined ? [] : fromProblems(value as Record<string, unknown>, stage);
  const parsed = BegunSpec.safeParse(value, { reportInput: true });
  if (parsed.success && foreign.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  const known = foreign.length === 0 ? issues : issues.filter(({ code }) => code !== 'unrecognized_keys');
  throw invalid([...foreign, ...known.flatMap(describe)]);
}

/** The whole spec of a run that begins on another with `source` as its spec. Throws InvalidSpec. */
export function inheritSpec({ $schema: _, ...given }: BegunSpec, source: FullSpec): FullSpec {
  const { judge: __, train: ___, from: ____, ...inherited } = source;
  const { sources, ...rules } = source.mix;
  const own = given.mix?.sources === undefined && given.mix?.preset === undefined;
  // Another total means nothing to other sources.
  const mix = own ? { sources, ...rules, ...given.mix } : given.mix;
  return parseSpec({ ...inherited, ...given, mix, mode: 'full' });
}

/** Checks a spec and fills in its defaults. Throws InvalidSpec that lists every problem at once. */
export function parseSpec(value: unknown): FullSpec {
  const parsed = Spec.safeParse(value, { reportInput: true });
  const problems = parsed.success ? semanticProblems(parsed.data) : parsed.error.issues.flatMap(describe);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalid(problems);
}

function invalid(problems: readonly string[]): InvalidSpec {
  return new InvalidSpec(
    `the spec has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((each) => `  - ${each}`).join('\n')}`,
  );
}

/** What of a spec decides the bytes of a run and how they are cut: all but what steers it, which may change while it runs. */
export function withoutSteering(spec: FullSpec) {
  const { maxFailedFraction: _, decisionTimeout: __, onTimeout: ___, ...rest } = spec;
  const { concurrency: ____, ...synthesize } = { concurrency: undefined, ...rest.synthesize };
  return { ...rest, synthesize };
}

/** The JSON Schema (2020-12) of a spec, as `spec schema` prints it. */
export function specSchema(): object {
  const { $schema, ...spec } = z.toJSONSchema(Spec.omit({ from: true }), { io: 'input' });
  const { $schema: _, ...begun } = z.toJSONSchema(BegunSpec, { io: 'input' });
  const { $schema: __, ...pairs } = z.toJSONSchema(PairsOnlySpec, { io: 'input' });
  return { title: 'instruct-lake ingest spec', $schema, anyOf: [spec, begun, pairs] };
}

function semanticProblems(spec: FullSpec): string[] {
  const problems: string[] = [];
  problems.push(...mixProblems(spec.mix));
  const { share } = spec.synthesize;
  // Of a run that begins on another the mix itself says how many texts are missing.
  if (spec.from === undefined && (spec.mix.share ?? 0) > share) {
    problems.push(`mix.share: is ${spec.mix.share}, more than is converted (synthesize.share is ${share})`);
  }
  const prompts = spec.synthesize.generator === 'chat' ? spec.synthesize.prompts : [];
  for (const prompt of new Set(prompts.filter((each, i) => prompts.indexOf(each) < i))) {
    problems.push(`synthesize.prompts: "${prompt}" stands there more than once`);
  }
  for (const name of ['questionLength', 'answerLength'] as const) {
    const { min, max } = spec.filters?.[name] ?? {};
    if (min !== undefined && max !== undefined && min > max) {
      problems.push(`filters.${name}: min is ${min}, more than max, ${max}`);
    }
  }
  const inputs = [spec.input, ...spec.mix.sources.filter((source) => source.from === 'instructions')];
  problems.push(
    ...decontaminateProblems(
      spec.decontaminate?.sets ?? [],
      inputs.map((each) => each.prefix),
    ),
  );
  const given = spec.synthesize.generator === 'given';
  if (given !== (spec.input.pairs !== undefined)) {
    problems.push(
      given
        ? 'input.pairs: is missing; the generator "given" takes pairs from that column'
        : `input.pairs: is for the generator "given", not for "${spec.synthesize.generator}"`,
    );
  }
  if (spec.quality !== undefined) problems.push(...qualityProblems(spec.quality));
  if ((spec.mix.share ?? share) === 0 && spec.mix.sources.some(({ from }) => from === 'augmented')) {
    problems.push('mix.sources: with share 0 "augmented" has no tokens');
  }
  return problems;
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = pathOf(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(
        (key) => `${pathOf([...issue.path, key])}: unknown key${suggest(key, knownKeys(issue))}`,
      );
    case 'invalid_type':
      return [
        issue.input === undefined
          ? `${path}: is missing (${issue.expected} expected)`
          : `${path}: is ${typeOf(issue.input)}, ${issue.expected} expected`,
      ];
    case 'invalid_value':
      return [
        `${path}: ${insteadOf(issue.input)}must be ${issue.values.map((each) => JSON.stringify(each)).join(' or ')}`,
      ];
    case 'invalid_union': {
      // Of "true, or an object": an object is meant when one is there, and what is wrong is in it.
      const meant = issue.errors.find((each) =>
        each.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
      );
      if (meant !== undefined)
        return meant.flatMap((each) => describe({ ...each, path: [...issue.path, ...each.path] }));
      return 'options' in issue && issue.options !== undefined
        ? [`${path}: must be ${issue.options.map((each) => JSON.stringify(each)).join(' or ')}`]
        : [`${path}: ${issue.message}`];
    }
    default:
      return [`${path}: ${issue.message}`];
  }
}

/** What stands where one of some values should: only where it is something else altogether. */
const insteadOf = (input: unknown): string =>
  input === undefined ? 'is missing, and ' : Array.isArray(input) ? 'is an array, and ' : '';

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (sum, part) =>
      typeof part === 'number' ? `${sum}[${part}]` : sum === '' ? String(part) : `${sum}.${String(part)}`,
    '',
  );
  return text === '' ? 'the spec' : text;
}

/** Keys that the object at an issue's path may have: those of the schema that raised it. */
function knownKeys(issue: z.core.$ZodIssue): string[] {
  const shapes: Record<string, object> = {
    'the spec': schemaOf(issue.input).shape,
    from: hasPairs(issue.input) ? fromPairs.shape : from.shape,
    input: input.shape,
    dedupe: dedupe.shape,
    ...qualityShapes,
    filters: filters.shape,
    judge: judge.shape,
    'filters.grounding': { min: 1, kinds: 1 },
    'filters.language': { min: 1, kinds: 1 },
    'filters.copy': copied.shape,
    'filters.questionInContext': copied.shape,
    'filters.questionLength': length.shape,
    'filters.answerLength': length.shape,
    ...MIX_KEYS,
    shards: SHARD_KEYS,
    train: { launcher: 1 },
    ...DECONTAMINATE_KEYS,
  };
  const path = pathOf(issue.path).replace(/\[\d+\]/g, '[]');
  const shape = shapes[path] ?? optionShape(issue.input);
  return Object.keys(shape ?? {});
}

/** Of the unions in a spec, the option that a value means to be. */
function optionShape(value: unknown): object | undefined {
  const { from, generator } = (value ?? {}) as { from?: unknown; generator?: unknown };
  return (
    mixSource.options.find((option) => option.shape.from.value === from)?.shape ??
    synthesize.options.find((option) => option.shape.generator.value === generator)?.shape
  );
}
