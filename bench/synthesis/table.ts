import type { Outcome } from '../bench.ts';
import { round } from '../record.ts';
import { spreadOf } from '../statistics.ts';
import { aligned } from '../table.ts';
import type { Figures } from './figures.ts';

export interface Measured {
  name: string;
  runs: (Figures | { failed: string })[];
}

const percent = (value: number): string => (value * 100).toFixed(1);

/** For who waits for the table. */
export const inShort = ({ share, requestsPerSecond }: Figures): string =>
  `${percent(share)} % of capacity, ${requestsPerSecond.toFixed(1)} requests/s`;

/** The columns: what a run says under a heading. */
const COLUMNS: [string, (figures: Figures) => number | undefined, (value: number) => string][] = [
  ['of capacity %', ({ share }) => share, percent],
  ['requests/s', ({ requestsPerSecond }) => requestsPerSecond, (value) => value.toFixed(1)],
  ['window s', ({ seconds }) => seconds, (value) => value.toFixed(1)],
  ['wasted %', ({ wasted }) => wasted, percent],
  ['idle at start %', ({ idle }) => idle.start, percent],
  ['between %', ({ idle }) => idle.between, percent],
  ['at end %', ({ idle }) => idle.end, percent],
  ['CPU ms', ({ cpuMs }) => cpuMs, (value) => value.toFixed(2)],
  ['asked again', ({ repeated }) => repeated, String],
  ['most waiting', ({ waitingMost }) => waitingMost, String],
  ['cached %', ({ cached }) => cached, percent],
];

/** A scenario for people and for the record: a line per contender; over several runs medians, with the range of what differs. */
export function outcomeOf(
  scenario: string,
  input: Record<string, number>,
  measured: readonly Measured[],
  digest: string,
): Outcome {
  const facts = Object.entries(input).map(([key, value]) => `${key} ${value}`);
  const rows = measured.map(({ name, runs }) => [name, ...COLUMNS.map((column) => cell(runs, column))]);
  const failures = measured.flatMap(({ name, runs }) =>
    runs.flatMap((run) => ('failed' in run ? [`  ${name} ${run.failed}`] : [])),
  );
  return {
    name: scenario,
    table: [
      `synthesis, ${scenario}: ${facts.join(', ')}`,
      `the same prompts answered (${digest.slice(0, 16)})`,
      ...aligned([['', ...COLUMNS.map(([title]) => title)], ...rows]),
      ...failures,
    ].join('\n'),
    record: {
      input,
      digest,
      contenders: measured.map(({ name, runs }) => ({ name, runs: runs.map(rounded) })),
    },
  };
}

function cell(runs: Measured['runs'], [, figureOf, write]: (typeof COLUMNS)[number]): string {
  const values = runs.flatMap((run) => ('failed' in run ? [] : (figureOf(run) ?? [])));
  if (values.length === 0) return '–';
  const { median, min, max } = spreadOf(values);
  return write(min) === write(max) ? write(median) : `${write(median)} (${write(min)}–${write(max)})`;
}

/** Every number of a run, to the digits that the record keeps. */
function rounded(run: Measured['runs'][number]): object {
  return JSON.parse(
    JSON.stringify(run, (_, value: unknown) => (typeof value === 'number' ? round(value) : value)),
  ) as object;
}
