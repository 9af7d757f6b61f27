import { z } from 'zod';
import type { Pair } from '../../../workflows/contract.ts';
import type { StructuredOutput } from '../../settings.ts';
import { type DropReason, type PairFields, pairOf } from '../pair.ts';
import { hasControl } from './chat-text.ts';

/** Whether a prompt's pairs have a field: in some it may be null. */
export const USES = ['never', 'sometimes', 'always'] as const;
export type Use = (typeof USES)[number];
/** The fields of a prompt's pairs besides question and answer. */
export interface Fields {
  options: Use;
  rationale: Use;
}

const TEXT = { type: 'string' };
const LIST = { type: 'array', items: TEXT };

/**
 * `response_format` of a request. The schema keeps to what all servers and OpenAI's strict mode have: every property
 * required, absent ones null, no limits of length. A rationale stands before the answer, since models write in that order.
 */
export function responseFormat(output: StructuredOutput, fields: Fields): object | undefined {
  if (output === 'none') return undefined;
  if (output === 'json_object') return { type: 'json_object' };
  const properties = {
    question: TEXT,
    ...property('options', LIST, fields.options),
    ...property('rationale', TEXT, fields.rationale),
    answer: TEXT,
  };
  const schema = objectOf({ pairs: { type: 'array', items: objectOf(properties) } });
  return { type: 'json_schema', json_schema: { name: 'pairs', strict: true, schema } };
}

function property(name: string, schema: object, use: Use): object {
  if (use === 'never') return {};
  return { [name]: use === 'always' ? schema : { anyOf: [schema, { type: 'null' }] } };
}

function objectOf(properties: object): object {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** The form of a pair, as a prompt shows it. */
export function shapeOf({ options, rationale }: Fields): string {
  const orNull = (use: Use): string => (use === 'sometimes' ? ' or null' : '');
  const parts = [
    '"question": "…"',
    options === 'never' ? '' : `"options": ["…", "…", "…"]${orNull(options)}`,
    rationale === 'never' ? '' : `"rationale": "…"${orNull(rationale)}`,
    '"answer": "…"',
  ];
  return `{${parts.filter((part) => part !== '').join(', ')}}`;
}

/** Pairs as the model is to write them: what it wrote before stands in later prompts in the same form. */
export function writtenPairs(pairs: readonly Pair[], fields: Fields): string {
  const written = pairs.map(({ question, answer, options, rationale }) => ({
    question,
    ...(fields.options === 'never' ? {} : { options: options ?? null }),
    ...(fields.rationale === 'never' ? {} : { rationale: rationale ?? null }),
    answer,
  }));
  return JSON.stringify({ pairs: written });
}

/** Models write numbers as such where no schema holds them. What is no Unicode text (half a surrogate pair) becomes U+FFFD. */
const words = z
  .union([z.string(), z.number()])
  .transform((value) => Buffer.from(String(value)).toString('utf8'));
const Item = z.object({
  question: words,
  answer: words,
  options: z.array(words).nullish(),
  rationale: words.nullish(),
});

/** A pair of one item of the list, or why it is none. Empty options and rationales are none. */
export function pairOfItem(item: unknown): Pair | DropReason {
  const { success, data } = Item.safeParse(item);
  if (!success) return 'unreadable';
  const { question, answer } = data;
  const fields: PairFields = { question, answer };
  if (data.options != null && data.options.length > 0) fields.options = data.options;
  if (data.rationale != null && data.rationale.trim() !== '') fields.rationale = data.rationale;
  if ([question, answer, ...(fields.options ?? []), fields.rationale ?? ''].some(hasControl))
    return 'leakedMarker';
  return pairOf(fields);
}
