import { canonicalJson } from '../../lake/hash.ts';
import type { RunPins } from './pins.ts';

/** The columns that one input needs. */
export interface InputColumns {
  prefix: string;
  text: string[];
  id: string[];
  /** Of pairs that come with the texts. */
  pairs?: string[];
}
export interface Input {
  /** `corpus`, or `instructions-<its place in the mix>`. */
  name: string;
  columns: InputColumns;
}

/** The corpus of run number `index` of those that a mix is made of, as its input is named. */
export const corpusName = (index: number): string => (index === 0 ? 'corpus' : `corpus-${index}`);
/** Whether an input is the corpus of a run. */
export const isCorpus = (name: string): boolean => /^corpus(-\d+)?$/.test(name);

/** The inputs of a run. One that begins on another has them by the names that they have there. */
export function inputsOf({ spec, from }: Pick<RunPins, 'spec' | 'from'>): Input[] {
  if (from !== undefined) return from.inputs;
  const { prefix, text, title, id, pairs } = spec.input;
  const optional = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
  const corpus = {
    ...{ prefix, text: [text, ...optional(title)], id: optional(id) },
    ...(pairs !== undefined && { pairs: [pairs] }),
  };
  return [
    { name: 'corpus', columns: corpus },
    ...spec.mix.sources.flatMap((source, index) =>
      source.from === 'instructions'
        ? [{ name: `instructions-${index}`, columns: instructionColumns(source) }]
        : [],
    ),
  ];
}

/** The names of the sources of a run's mix, in their order: `augmented`, `raw`, or that of the input. */
export function sourceNames(pins: Pick<RunPins, 'spec' | 'from'>): string[] {
  return pins.spec.mix.sources.map((source, index) => {
    if (source.from !== 'instructions') return source.from;
    if (pins.from === undefined) return `instructions-${index}`;
    const wanted = columnsKey(instructionColumns(source));
    const input = pins.from.inputs.find(({ columns }) => columnsKey(columns) === wanted);
    if (input === undefined) throw new RangeError(`no input has the instructions of ${source.prefix}`);
    return input.name;
  });
}

/** What tells inputs apart: pins come back from the lake with their keys in another order. */
export const columnsKey = (columns: InputColumns): string => canonicalJson(columns);

export const instructionColumns = (source: {
  prefix: string;
  question: string;
  answer: string;
}): InputColumns => ({ prefix: source.prefix, text: [source.question, source.answer], id: [] });
