import { z } from 'zod';
import { FROM_STAGES, type FromStage } from '../../workflows/contract.ts';
import { chains, prefix } from './fields.ts';

/** The run of the same domain that a new run begins on, and the first stage that is its own. */
const run = z.string().min(1).max(80);
export const from = z
  .strictObject({ run, also: z.array(run).min(1).max(1000).exactOptional(), stage: z.enum(FROM_STAGES) })
  .superRefine(({ run, also = [], stage }, { addIssue }) => {
    if (also.length > 0 && stage !== 'mix')
      addIssue('also: runs are mixed with each other, from stage "mix"');
    const twice = [run, ...also].find((each, i, all) => all.indexOf(each) < i);
    if (twice !== undefined) addIssue(`names run ${JSON.stringify(twice)} more than once`);
  });

/** Pairs in the lake that a new run begins on, and how they stand in chains. */
export const fromPairs = z.strictObject({ pairs: prefix, ...chains });
/** The columns that objects with such pairs have, as `import --pairs` makes them. */
export const PAIR_COLUMNS = { id: 'id', title: 'title', text: 'context', pairs: 'pairs' } as const;

/** What a spec that begins on another run may say, and from which stage on it means anything. */
const OWN: Readonly<Record<string, FromStage>> = {
  filters: 'filter',
  tokenizer: 'template',
  sequenceLength: 'template',
  mix: 'mix',
  shards: 'mix',
  train: 'mix',
};
/** Keys that steer a run and decide no byte of it, and what names it. */
const ALWAYS = ['$schema', 'domain', 'from', 'maxFailedFraction', 'decisionTimeout', 'onTimeout'];

/** What is wrong with the keys of such a spec: everything else is as in the run that it begins on. */
export function fromProblems(spec: Record<string, unknown>, stage: FromStage): string[] {
  return Object.keys(spec).flatMap((key) => {
    if (ALWAYS.includes(key)) return [];
    const first = OWN[key];
    if (first === undefined) return [`${key}: is as in the run that \`from\` names, and cannot be another`];
    if (FROM_STAGES.indexOf(first) >= FROM_STAGES.indexOf(stage)) return [];
    return [`${key}: is settled before stage "${stage}"; begin from "${first}"`];
  });
}
