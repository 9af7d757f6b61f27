import { z } from 'zod';
import type { InstructionColumns } from '../../workflows/contract.ts';
import { column, part, prefix } from './fields.ts';

const amount = {
  weight: z.number().positive().max(1e6).exactOptional(),
  tokens: z.int().positive().exactOptional(),
  repeat: z.number().positive().max(1000).exactOptional(),
};
const instructionColumns = { prefix, question: column, answer: column };
/** A source of a mix. */
export const mixSource = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('augmented'), ...amount }),
  z.strictObject({ from: z.literal('raw'), ...amount }),
  z.strictObject({ from: z.literal('instructions'), ...instructionColumns, ...amount }),
]);

/** As people give it; a run that begins on another takes what is not said from there. */
export const mixGiven = z.strictObject({
  sources: z.array(mixSource).min(1).max(64).exactOptional(),
  preset: z.enum(['general', 'domain-adaptive']).exactOptional(),
  instructions: z.strictObject(instructionColumns).exactOptional(),
  share: part.exactOptional(),
  alsoRaw: z.boolean().exactOptional(),
  tokens: z.int().positive().exactOptional(),
  maxRepeat: z.number().positive().max(1000).exactOptional(),
  strict: z.boolean().exactOptional(),
});
const mixKeys = mixGiven.extend({
  alsoRaw: z.boolean().default(false),
  maxRepeat: z.number().positive().max(1000).default(4),
  strict: z.boolean().default(false),
});
/** The keys of its objects, by their path. */
export const MIX_KEYS: Readonly<Record<string, object>> = {
  mix: mixKeys.shape,
  'mix.instructions': instructionColumns,
};

/** A preset becomes the sources that it stands for. */
export const mixSchema = mixKeys
  .superRefine(({ sources, preset, instructions }, { addIssue }) => {
    if ((sources === undefined) === (preset === undefined)) {
      addIssue('takes either sources or a preset');
    }
    if ((instructions !== undefined) !== (preset === 'domain-adaptive')) {
      addIssue('instructions belong to the preset "domain-adaptive", which needs them');
    }
  })
  .transform(({ sources, preset, instructions, ...rules }) => ({
    ...rules,
    sources: sources ?? presetSources(preset, instructions),
  }));

function presetSources(
  preset: 'general' | 'domain-adaptive' | undefined,
  instructions: InstructionColumns | undefined,
): z.output<typeof mixSource>[] {
  if (preset === 'general') {
    return [
      { from: 'augmented', repeat: 1 },
      { from: 'raw', repeat: 1 },
    ];
  }
  const given = instructions ?? { prefix: '', question: '', answer: '' };
  return [
    { from: 'augmented', weight: 1 },
    { from: 'instructions', ...given, weight: 1 },
  ];
}

/** What is wrong with the sources of a mix among themselves. */
export function mixProblems({ sources, tokens }: z.output<typeof mixSchema>): string[] {
  const problems: string[] = [];
  for (const from of ['augmented', 'raw'] as const) {
    if (sources.filter((source) => source.from === from).length > 1) {
      problems.push(`mix.sources: "${from}" stands there more than once`);
    }
  }
  const given = sources.map((source) => AMOUNTS.filter((amount) => source[amount] !== undefined));
  for (const [i, amounts] of given.entries()) {
    if (amounts.length !== 1) problems.push(`mix.sources[${i}]: needs one of ${AMOUNTS.join(', ')}`);
  }
  const weighted = given.filter((amounts) => amounts.includes('weight')).length;
  if (weighted > 0 && weighted < sources.length) {
    problems.push('mix.sources: weights stand in all sources or in none');
  }
  if (weighted === 0 && tokens !== undefined) {
    problems.push('mix.tokens: is divided by weights, and the sources have none');
  }
  return problems;
}
const AMOUNTS = ['weight', 'tokens', 'repeat'] as const;
