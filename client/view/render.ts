import { createColors } from 'picocolors';
import { printable } from '../../lake/printable.ts';
import { type EndpointLoad, PHASES, type Phase } from '../../workflows/contract.ts';
import { about, bytes, counted, duration, rate, thousands } from './format.ts';
import { type History, leftOf, NO_HISTORY, partOf, rateOf, type Sample } from './history.ts';
import { spendingOf } from './ledger-lines.ts';
import { heldLines } from './parked.ts';
import { foundNothing, type RunState } from './run-state.ts';
import { bar, cutTo, type Terminal, wrap } from './terminal.ts';
import { waitingLine } from './waiting-line.ts';

/** What a line of each phase counts, in the order it is shown: name in `counts` → word for people. */
const COUNTED: Partial<Record<Phase, Readonly<Record<string, string>>>> = {
  plan: {
    sources: 'sources',
    takenSources: 'taken before',
    youngSources: 'too young',
    unreadableSources: 'unreadable',
  },
  scan: { texts: 'texts', rejects: 'rejects' },
  dedupe: {
    duplicates: 'duplicates',
    nearDuplicates: 'of them near',
    earlierDuplicates: 'of earlier runs',
    failedSources: 'sources failed',
  },
  synthesize: { prompted: 'texts prompted', pairs: 'pairs', setAside: 'set aside' },
  template: { chains: 'chains', documents: 'documents', tokens: 'tokens', instructions: 'instructions' },
  mix: { mixedDocuments: 'documents', mixedTokens: 'tokens', shortfallTokens: 'tokens short' },
  exchange: { exchangedDocuments: 'documents' },
  shards: { shardDocuments: 'documents', shardTokens: 'tokens' },
  publish: { publishedDocuments: 'documents' },
};
/** Counts that are worth a word only when there are any. */
const RARE = new Set([
  'failedSources',
  'nearDuplicates',
  'takenSources',
  'youngSources',
  'earlierDuplicates',
  'unreadableSources',
  'rejects',
  'setAside',
  'shortfallTokens',
  'instructions',
]);
const UNICODE = { over: '✓', runs: '▸', tocome: '·', failed: '✗' };
const ASCII = { over: '+', runs: '>', tocome: '.', failed: 'x' };
const WAITING_SHOWN = 3;

/** What a phase is measured by beside partitions: name in `counts` → word of the rate. Bytes are shown in their units. */
const MEASURED: Partial<Record<Phase, Readonly<Record<string, string>>>> = {
  scan: { textBytes: 'bytes', texts: 'texts' },
  synthesize: { prompted: 'texts', pairs: 'pairs', completionTokens: 'tokens' },
  template: { tokens: 'tokens' },
  exchange: { exchangedDocuments: 'documents' },
  shards: { shardBytes: 'bytes', shardTokens: 'tokens' },
};
const UNITS: Partial<Record<Phase, string>> = {
  scan: 'partitions',
  dedupe: 'ranges',
  synthesize: 'partitions',
  template: 'partitions',
  exchange: 'partitions',
  shards: 'shards',
};
const NAME_COLUMNS = 13;
const BAR_COLUMNS = 30;
const LEAST_BAR_COLUMNS = 8;
const LOAD_BAR_COLUMNS = 16;

export interface ViewOptions extends Terminal {
  /** Milliseconds since 1970. */
  now: number;
  /** What a watcher remembers; who looks once knows no rates. */
  history?: History;
  /** Shows all that a parked run says, not its first line alone. */
  whole?: boolean;
}

/** The live view: the run, its phases, and what it waits for; no line is wider than the terminal. */
export function renderRun(state: RunState, options: ViewOptions): string[] {
  const { now, color, unicode, columns, history, whole = false } = options;
  const paint = createColors(color);
  const marks = unicode ? UNICODE : ASCII;
  const at = state.phase === null ? -1 : PHASES.indexOf(state.phase);
  const ended = state.status !== 'running';
  const cut = (text: string): string => cutTo(text.trimEnd(), columns, unicode);
  const waits = state.waitingFor === null ? state.status : 'waiting';
  const status = state.parked !== null ? 'parked' : state.paused ? 'paused' : waits;
  const lines = phasesOf(state).flatMap((phase) => {
    const place = PHASES.indexOf(phase);
    const name = phase.padEnd(11);
    if (place < at || state.status === 'completed') {
      const text = cut(
        `  ${marks.over} ${name}${[tookOf(history ?? NO_HISTORY, phase), countsOf(state, phase)].filter(Boolean).join('  ')}`,
      );
      return [text.replace(marks.over, paint.green(marks.over))];
    }
    if (place > at) return [paint.dim(cut(`  ${marks.tocome} ${name}`))];
    const counts = countsOf(state, phase);
    if (ended) {
      const text = cut(`  ${marks.failed} ${name}${[units(state), counts].filter(Boolean).join('   ')}`);
      return [text.replace(marks.failed, paint.red(marks.failed))];
    }
    const text = cut(`  ${marks.runs} ${name}${gauge(state, columns - NAME_COLUMNS - 2, unicode)}`);
    const pace = history === undefined ? '' : paceOf(state, history, unicode);
    const room = columns - NAME_COLUMNS - 2;
    const loads = state.endpoints.map((load) => loadLine(load, room, unicode));
    const more = [counts, pace, ...loads].filter(Boolean);
    return [
      text.replace(marks.runs, paint.cyan(marks.runs)).replace(phase, paint.bold(phase)),
      ...more.map((each) => cut(`    ${' '.repeat(11)}${each}`)),
    ];
  });
  const ceiling =
    state.concurrency === null ? '' : `  at most ${counted(state.concurrency, 'requests')} in flight`;
  const mode = state.mode === 'incremental' ? '  incremental' : '';
  const head = `${printable(`${state.domain}/${state.run}`, '')}  ${status}  ${elapsed(state, now)}${mode}${ceiling}`;
  const held = heldLines(state, now, whole);
  const wrapped = [
    ...held.say.flatMap((line, i) => wrap(`  ${i === 0 ? '!' : ' '} ${line}`, columns, '    ')),
    ...held.do.flatMap((line) => wrap(`      ${line}`, columns, '        ', ' \\')),
  ];
  return [
    paint.bold(cut(head)),
    ...lines,
    ...[...wrapped, ...troubleOf(state).map((line) => `  ! ${line}`)].map((line) => paint.yellow(cut(line))),
    ...failureLines(state, marks.failed).map((line) => paint.red(cut(line))),
  ];
}

/** How full an endpoint is kept: `default ██████ 12 of 12 requests in flight, 48 waiting`. */
function loadLine(load: EndpointLoad, columns: number, unicode: boolean): string {
  const { endpoint, inFlight, limit, waiting, refused } = load;
  const name = printable(endpoint, '');
  const said = [
    `${thousands(inFlight)} of ${thousands(limit)} in flight`,
    ...(waiting > 0 ? [`${thousands(waiting)} waiting`] : []),
    ...(refused > 0 ? [`${thousands(refused)} refused`] : []),
  ].join(', ');
  const room = Math.min(LOAD_BAR_COLUMNS, columns - name.length - said.length - 2);
  const full = Math.min(1, inFlight / Math.max(1, limit));
  return room < LEAST_BAR_COLUMNS ? `${name} ${said}` : `${name} ${bar(full, room, unicode)} ${said}`;
}

/** While a run goes on: how many sources have failed, the last that is known of, and what lists them. */
function failureLines({ status, failures, domain, run }: RunState, mark: string): string[] {
  const last = failures.sources.at(-1);
  if (status !== 'running' || failures.total === 0) return [];
  const named = printable(`${domain}/${run}`, '');
  return [
    `  ${mark} ${counted(failures.total, 'sources')} failed: instruct-lake failures ${named}`,
    ...(last === undefined
      ? []
      : [
          `      ${printable(last.key, '')}  ${printable(last.type, '')}: ${printable(last.message.split('\n')[0] ?? '', '')}`,
        ]),
  ];
}

/** Bar, percentage, and units of the running phase; the bar goes first where there is little room. */
function gauge(state: RunState, columns: number, unicode: boolean): string {
  const part = partOf(state);
  const figures = units(state);
  // One unit, of which nothing is known until it is done, is no progress.
  if (part === undefined || (state.total === 1 && part === 0)) return figures;
  const text = `${String(Math.floor(part * 100)).padStart(3)}%  ${figures}`;
  const room = Math.min(BAR_COLUMNS, columns - text.length - 1);
  return room < LEAST_BAR_COLUMNS ? text : `${bar(part, room, unicode)} ${text}`;
}

/** `about 3 min left, 6.2 texts/s, 31 pairs/s`, in the order in which a narrow terminal can do without; empty where nothing can be measured. */
function paceOf(state: RunState, history: History, unicode: boolean): string {
  const rates = ratesOf(state, history);
  const { phase, total } = state;
  if (phase === null || total === 0 || UNITS[phase] === undefined) return '';
  const left = leftOf(history, state);
  return [`${left === undefined ? (unicode ? '—' : '-') : about(left)} left`, ...rates].join(', ');
}

function ratesOf({ phase }: RunState, history: History): string[] {
  // The history is about another phase until it has seen this one.
  if (phase === null || history.phase !== phase) return [];
  const measures: [string, (sample: Sample) => number][] = Object.entries(MEASURED[phase] ?? {}).map(
    ([name, word]) => [word, ({ counts }) => counts[name] ?? 0],
  );
  const unit = UNITS[phase];
  if (unit !== undefined) measures.push([unit, ({ done }) => done]);
  return measures.flatMap(([word, measure]) => {
    const perSecond = rateOf(history, measure);
    if (perSecond === undefined) return [];
    return [word === 'bytes' ? `${bytes(Math.round(perSecond))}/s` : rate(perSecond, word)];
  });
}

function tookOf({ took }: History, phase: Phase): string {
  const ms = took[phase];
  return ms === undefined ? '' : duration(ms).padStart(5);
}

/** Phases that are over, with what each counted: lines for streams that are no terminal, the first `after` left out. */
export function finishedLines(
  state: RunState,
  after: number,
  now: number,
  history: History = NO_HISTORY,
): string[] {
  const phases = phasesOf(state);
  const at = state.phase === null ? -1 : phases.indexOf(state.phase);
  // `done` is not among them: then all are over.
  const over = state.status === 'completed' || state.phase === 'done' ? phases.length : Math.max(at, 0);
  return phases.slice(after, over).map((phase) => {
    const ms = history.took[phase];
    const said = [countsOf(state, phase), ms === undefined ? '' : `(${duration(ms)})`].filter(Boolean);
    return `[${elapsed(state, now)}] ✓ ${phase.padEnd(11)} ${said.join(' ')}`.trimEnd();
  });
}

/** The phase that a run is in on one line, and what it waits for. */
export function currentLine(state: RunState, now: number, history: History = NO_HISTORY): string {
  const { phase } = state;
  const rates = ratesOf(state, history);
  const left = leftOf(history, state);
  const pace = [...(left === undefined ? [] : [`${about(left)} left`]), ...rates].join(', ');
  const what =
    phase === null
      ? [state.status]
      : [
          phase.padEnd(11),
          units(state),
          countsOf(state, phase),
          pace === '' ? '' : `(${pace})`,
          ...state.endpoints.map((load) => `[${loadLine(load, 0, false)}]`),
        ];
  const line = `[${elapsed(state, now)}]   ${what.filter((part) => part !== '').join(' ')}`.trimEnd();
  const held = heldLines(state, now, true);
  if (held.say.length > 0) return `${line}  ${[inOneLine(held.say), held.do.join(', or ')].join(' ')}`;
  const [trouble] = troubleOf(state);
  return trouble === undefined ? line : `${line}  ${trouble}`;
}

/** Lines one behind the other: one that ends with no mark of its own gets one. */
const inOneLine = (lines: readonly string[]): string =>
  lines.map((line) => line.trim()).reduce((text, line) => `${text}${/[.:]$/.test(text) ? '' : '.'} ${line}`);

/** What keeps a run from going on, and what could not be asked. */
function troubleOf({ waiting, notes }: RunState): string[] {
  return [
    ...waiting.slice(0, WAITING_SHOWN).map((each) => `waiting: ${waitingLine(each)}`),
    ...notes.map((each) => printable(each)),
  ];
}

/** The phases of a run as far as they are known; training only where it belongs to the run. */
function phasesOf(state: RunState): Phase[] {
  const { trains, phase, counts } = state;
  if (foundNothing(state)) {
    const last = counts.validTexts !== undefined ? 'dedupe' : counts.texts !== undefined ? 'scan' : 'plan';
    return PHASES.slice(0, PHASES.indexOf(last) + 1);
  }
  return PHASES.filter(
    (each) => each !== 'done' && (each !== 'train' || trains === true || phase === 'train'),
  );
}

const units = ({ done, total }: RunState): string =>
  total > 0 ? `${thousands(done)}/${thousands(total)}` : '';

function countsOf({ counts }: RunState, phase: Phase): string {
  const shown = Object.entries(COUNTED[phase] ?? {}).flatMap(([name, word]) => {
    const count = counts[name];
    if (count === undefined || (count === 0 && RARE.has(name))) return [];
    return [counted(count, word)];
  });
  const spending = phase === 'synthesize' ? spendingOf(counts) : '';
  return [...shown, ...(spending === '' ? [] : [spending])].join(', ');
}

function elapsed({ startedAt, closedAt }: RunState, now: number): string {
  if (startedAt === null) return '';
  return duration((closedAt === null ? now : Date.parse(closedAt)) - Date.parse(startedAt));
}
