import type { FullSpec } from '../../lake/spec.ts';

/** The columns that one input needs. */
export interface InputColumns {
  prefix: string;
  text: string[];
  id: string[];
}
/** The inputs of a spec, by name. */
export function inputsOf(spec: FullSpec): { name: string; columns: InputColumns }[] {
  const { prefix, text, title, id } = spec.input;
  const optional = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
  const corpus = { prefix, text: [text, ...optional(title)], id: optional(id) };
  return [
    { name: 'corpus', columns: corpus },
    ...spec.mix.sources.flatMap((source, index) =>
      source.from === 'instructions'
        ? [
            {
              name: `instructions-${index}`,
              columns: { prefix: source.prefix, text: [source.question, source.answer], id: [] },
            },
          ]
        : [],
    ),
  ];
}
