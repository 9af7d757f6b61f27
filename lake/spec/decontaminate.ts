import { z } from 'zod';
import { name, prefix } from './fields.ts';

const field = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^.]+(\.[^.]+)*$/, 'is not a column or property, nor a path of them such as "answers.text"');
const policy = z.enum(['drop', 'flag']);

const fields = z
  .strictObject({
    question: field.exactOptional(),
    answer: field.exactOptional(),
    options: field.exactOptional(),
    context: field.exactOptional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'names no field: question, answer, options or context');

/**
 * Questions and answers are the test itself. Options alone are statements that anybody makes, and contexts are most often
 * public texts that a corpus has in its own right: without the question they give nothing away.
 */
const policies = z.strictObject({
  question: policy.default('drop'),
  answer: policy.default('drop'),
  options: policy.default('flag'),
  context: policy.default('flag'),
});
const DEFAULT_POLICIES = { question: 'drop', answer: 'drop', options: 'flag', context: 'flag' } as const;

const set = z.strictObject({ name, prefix, fields, policy: policies.default(DEFAULT_POLICIES) });
/** The schema of `decontaminate`. */
export const decontaminateSchema = z.strictObject({ sets: z.array(set).min(1).max(64) });

/** The keys of its objects, by their path with `[]` for each index. */
export const DECONTAMINATE_KEYS: Readonly<Record<string, object>> = {
  decontaminate: decontaminateSchema.shape,
  'decontaminate.sets[]': set.shape,
  'decontaminate.sets[].fields': fields.shape,
  'decontaminate.sets[].policy': policies.shape,
};

/** What is wrong with sets, as problems of a spec: names that more than one has, and prefixes that `inputs` take in. */
export function decontaminateProblems(
  sets: readonly { name: string; prefix: string }[],
  inputs: readonly string[],
): string[] {
  const names = sets.map((each) => each.name);
  const twice = new Set(names.filter((each, i) => names.indexOf(each) < i));
  return [
    ...[...twice].map((each) => `decontaminate.sets: the name "${each}" stands there more than once`),
    ...sets.flatMap(({ name, prefix }) => {
      const input = inputs.find((each) => prefix.startsWith(each) || each.startsWith(prefix));
      return input === undefined
        ? []
        : [`decontaminate.sets: the prefix of "${name}" and that of an input, "${input}", lie in each other`];
    }),
  ];
}
