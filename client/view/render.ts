import { createColors } from 'picocolors';
import { printable } from '../../lake/printable.ts';
import { PHASES, type Phase } from '../../workflows/contract.ts';
import { counted, duration, thousands } from './format.ts';
import type { RunState, Waiting } from './run-state.ts';

/** What a line of each phase counts, in the order it is shown: name in `counts` → word for people. */
const COUNTED: Partial<Record<Phase, Readonly<Record<string, string>>>> = {
  plan: { sources: 'sources', unreadableSources: 'unreadable' },
  scan: { texts: 'texts', rejects: 'rejects' },
  dedupe: { duplicates: 'duplicates', nearDuplicates: 'of them near', failedSources: 'sources failed' },
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
  'unreadableSources',
  'rejects',
  'setAside',
  'shortfallTokens',
  'instructions',
]);
const WAITING_SHOWN = 3;
const MESSAGE_CHARACTERS = 160;

/** The live view: the run, its phases, and what it waits for. `now` is in milliseconds since 1970. */
export function renderRun(state: RunState, { now, color }: { now: number; color: boolean }): string[] {
  const paint = createColors(color);
  const phases = phasesOf(state);
  const at = state.phase === null ? -1 : PHASES.indexOf(state.phase);
  const ended = state.status !== 'running';
  const head = `${printable(`${state.domain}/${state.run}`, '')}  ${state.status}  ${elapsed(state, now)}`;
  const lines = phases.map((phase) => {
    const place = PHASES.indexOf(phase);
    const over = place < at || state.status === 'completed';
    const name = phase.padEnd(11);
    const counted = over || place === at ? countsOf(state, phase) : '';
    if (over) return `${paint.green('✓')} ${name}${counted}`;
    if (place > at) return paint.dim(`· ${name}`);
    const part = units(state);
    const text = `${name}${[part, counted].filter((each) => each !== '').join('   ')}`;
    return ended ? `${paint.red('✗')} ${text}` : `${paint.cyan('▸')} ${paint.bold(text)}`;
  });
  return [
    paint.bold(head),
    ...lines.map((line) => `  ${line.trimEnd()}`),
    ...troubleOf(state).map((line) => paint.yellow(`  ! ${line}`)),
  ];
}

/** Phases that are over, with what each counted: lines for streams that are no terminal, the first `after` left out. */
export function finishedLines(state: RunState, after: number, now: number): string[] {
  const phases = phasesOf(state);
  const at = state.phase === null ? -1 : phases.indexOf(state.phase);
  // `done` is not among them: then all are over.
  const over = state.status === 'completed' || state.phase === 'done' ? phases.length : Math.max(at, 0);
  return phases
    .slice(after, over)
    .map((phase) => `[${elapsed(state, now)}] ✓ ${phase.padEnd(11)} ${countsOf(state, phase)}`.trimEnd());
}

/** The phase that a run is in on one line, and what it waits for. */
export function currentLine(state: RunState, now: number): string {
  const { phase } = state;
  const what = phase === null ? [state.status] : [phase.padEnd(11), units(state), countsOf(state, phase)];
  const line = `[${elapsed(state, now)}]   ${what.filter((part) => part !== '').join(' ')}`.trimEnd();
  const [trouble] = troubleOf(state);
  return trouble === undefined ? line : `${line}  ${trouble}`;
}

/** What keeps a run from going on, and what could not be asked. */
function troubleOf({ waiting, notes }: RunState): string[] {
  return [
    ...waiting.slice(0, WAITING_SHOWN).map((each) => `waiting: ${waitingLine(each)}`),
    ...notes.map((each) => printable(each)),
  ];
}

/** `synthesizeRound (3 activities, attempt 4): EndpointUnavailable: …` */
export function waitingLine({ activity, attempt, type, message, activities }: Waiting): string {
  const first = printable(message.split('\n')[0] ?? '', '');
  const short = first.length > MESSAGE_CHARACTERS ? `${first.slice(0, MESSAGE_CHARACTERS)}…` : first;
  const many = activities > 1 ? `${activities} activities, ` : '';
  return `${printable(activity, '')} (${many}attempt ${attempt}): ${type === '' ? '' : `${printable(type, '')}: `}${short}`;
}

/** The phases of a run as far as they are known; training only where it belongs to the run. */
function phasesOf({ trains, phase }: RunState): Phase[] {
  return PHASES.filter(
    (each) => each !== 'done' && (each !== 'train' || trains === true || phase === 'train'),
  );
}

const units = ({ done, total }: RunState): string =>
  total > 0 ? `${thousands(done)}/${thousands(total)}` : '';

function countsOf({ counts }: RunState, phase: Phase): string {
  return Object.entries(COUNTED[phase] ?? {})
    .flatMap(([name, word]) => {
      const count = counts[name];
      if (count === undefined || (count === 0 && RARE.has(name))) return [];
      return [counted(count, word)];
    })
    .join(', ');
}

function elapsed({ startedAt, closedAt }: RunState, now: number): string {
  if (startedAt === null) return '';
  return duration((closedAt === null ? now : Date.parse(closedAt)) - Date.parse(startedAt));
}
