import { type Rule, readText } from '../../../../activities/scan/quality/rule.ts';
import { quality } from '../../../../lake/spec/quality.ts';
import type { QualitySpec } from '../../../../workflows/contract.ts';

/** The rules' thresholds as a spec has them once its defaults are filled in. */
export const limits = (spec: QualitySpec) => quality.parse(spec);

/** The threshold that a text does not pass, or `passes`. */
export const verdictOf = (rule: Rule, text: string): string => rule(readText(text))?.threshold ?? 'passes';

/** So many pieces, joined. */
export const times = (count: number, piece: (i: number) => string, by = ' '): string =>
  Array.from({ length: count }, (_, i) => piece(i)).join(by);
