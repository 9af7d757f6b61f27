import type { ContaminationCounts } from '../../activities/benchmarks/contamination.ts';
import type { Ledger } from '../../activities/publish/ledger.ts';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { SPENT } from '../../activities/synthesize/usage.ts';
import { printable } from '../../lake/printable.ts';
import { RULES_MODEL } from '../../workflows/contract.ts';
import { bytes, counted, duration, figure, thousands } from './format.ts';
import { amount } from './ledger-lines.ts';
import { renderRun, type ViewOptions } from './render.ts';
import { foundNothing, type RunState } from './run-state.ts';

const SMOKE_TEST = `The pairs are from ${RULES_MODEL}, a set of rules: this is a smoke test of the machinery, not a model's data.`;

/** The end of a run for people: what became of it, then its counts from rows to training. */
export function summaryLines(state: RunState, manifest: ManifestCore | null = state.manifest): string[] {
  const smoke = state.model === RULES_MODEL || manifest?.smokeTest === true;
  return [
    ...(smoke && !foundNothing(state) ? [SMOKE_TEST] : []),
    outcome(state),
    ...table([
      ...(manifest === null ? countRows(state) : manifestRows(manifest)),
      ...judgeRows(state),
      ...ledgerRows(state.ledger),
      ...trainingRows(state),
    ]),
    ...state.failures.sources.map(
      ({ key, type, message }) =>
        `  failed: ${printable(key, '')}  ${printable(type, '')}: ${printable(message)}`,
    ),
    ...(state.failures.total > state.failures.sources.length
      ? [`  … and ${thousands(state.failures.total - state.failures.sources.length)} failed sources more`]
      : []),
    ...state.notes.map((each) => `  ! ${printable(each)}`),
  ];
}

const RETRACTED = 'it was retracted since: nothing of it is visible. Started again it is published anew.';

function outcome(state: RunState): string {
  const { status, failure, phase, standing, startedAt, closedAt } = state;
  const name = printable(`${state.domain}/${state.run}`, '');
  const took =
    startedAt === null || closedAt === null
      ? ''
      : ` after ${duration(Date.parse(closedAt) - Date.parse(startedAt))}`;
  const where = phase === null || phase === 'done' ? '' : ` in phase ${phase}`;
  const why = failure === null ? '' : `: ${printable(failure.type, '')}: ${printable(failure.message)}`;
  const before =
    state.manifest === null ? '' : '\nAn earlier execution of this run has published; its counts are:';
  switch (status) {
    case 'completed':
      if (standing === 'retracted') return `${name} completed${took}; ${RETRACTED}`;
      if (foundNothing(state))
        return `${name} completed${took}: nothing new, so nothing is published.${leftTo(state)}`;
      return state.source === 'lake'
        ? `${name} is published (read from the lake; Temporal no longer knows it).`
        : `${name} completed${took}.`;
    case 'running':
      return `${name} is running${where}.`;
    case 'unfinished':
      if (standing === 'retracted') return `${name} was published (read from the lake); ${RETRACTED}`;
      if (standing === 'closed')
        return `${name} has ended without a publication (it found nothing new, failed, or was cancelled), and Temporal no longer knows it.`;
      return `${name} was started and is not published, and Temporal does not know it; ingest it again to resume.`;
    case 'timedOut':
      return `${name} timed out${took}${where}${before}`;
    default:
      return `${name} ${status === 'failed' ? 'failed' : `was ${status}`}${took}${where}${why}${before}`;
  }
}

/** Objects that a later run will take. */
function leftTo({ counts }: RunState): string {
  const { youngSources = 0 } = counts;
  return youngSources === 0
    ? ''
    : ` Left to the next run, too young or being uploaded: ${counted(youngSources, 'objects')}.`;
}

type Row = [name: string, text: string];

function manifestRows(manifest: ManifestCore): Row[] {
  const { counts, mix, shards, dtype, domain, run } = manifest;
  const { rows, texts, pairs, documents, instructions, contamination } = counts;
  const size = shards.reduce((sum, { bin, idx }) => sum + bin.size + idx.size, 0);
  const perText = texts.withPairs === 0 ? '' : `, ${(pairs.valid / texts.withPairs).toFixed(1)} a text`;
  return [
    [
      'rows',
      list([
        [rows.planned, 'planned'],
        [rows.kept, 'kept'],
        [rows.duplicates, 'duplicates'],
        [rows.heldBack, 'held back', 'rare'],
        [rows.rejects, 'rejects'],
        [rows.failed, 'of failed sources'],
      ]),
    ],
    ...(rows.duplicates === 0
      ? []
      : [
          [
            'duplicates',
            `${list([
              [rows.duplicates, 'dropped'],
              [rows.nearDuplicates, 'of them near', 'rare'],
              [rows.earlierDuplicates, 'of earlier runs', 'rare'],
            ])}: \`instruct-lake duplicates ${printable(`${domain}/${run}`, '')}\` shows of what`,
          ] satisfies Row,
        ]),
    ...(rows.rejects === 0 ? [] : [['rejects', reasons(rows.rejectReasons)] satisfies Row]),
    [
      'texts',
      list([
        [texts.prompted, 'prompted'],
        [texts.withPairs, 'with pairs'],
        [texts.setAside, 'set aside', 'rare'],
      ]),
    ],
    [
      'pairs',
      `${list([
        [pairs.valid, 'valid'],
        [pairs.dropped, 'dropped', 'rare'],
        [pairs.valid - pairs.kept, 'filtered', 'rare'],
      ])}${perText}`,
    ],
    ...(pairs.dropped === 0 ? [] : [['drops', reasons(pairs.reasons)] satisfies Row]),
    [
      'documents',
      list([
        [documents.chains, 'chains'],
        [documents.made, 'documents'],
        [documents.tokens, 'tokens'],
        [documents.overlong, 'overlong', 'rare'],
      ]),
    ],
    ...(instructions.documents + instructions.rejects === 0
      ? []
      : [
          [
            'instructions',
            list([
              [instructions.documents, 'documents'],
              [instructions.tokens, 'tokens'],
              [instructions.rejects, 'rejects', 'rare'],
            ]),
          ] satisfies Row,
        ]),
    ...contaminationRows(contamination),
    ...mix.map(
      ({ source, documents, asked, got, unique, shortfall }): Row => [
        `mix ${source}`,
        `${counted(documents, 'documents')}, ${thousands(got)} of ${thousands(asked)} tokens, ${epochs(got, unique)}${shortfall > 0 ? `, ${thousands(shortfall)} tokens SHORT (maxRepeat)` : ''}`,
      ],
    ),
    [
      'shards',
      `${list([
        [shards.length, 'shards'],
        [documents.mixed, 'documents'],
        [documents.mixedTokens, 'tokens'],
      ])}, ${bytes(size)} (${dtype})`,
    ],
  ];
}

/** Why rows were rejected, or pieces of answers became no pairs, the most frequent first. */
function reasons(counts: Record<string, number>): string {
  return Object.entries(counts)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([reason, count]) => `${thousands(count)} ${printable(reason, '')}`)
    .join(', ');
}

const epochs = (got: number, unique: number): string =>
  unique === 0 ? 'no tokens' : `${(got / unique).toFixed(2)} epochs`;

/** What of evaluation sets was found, by what it was found in and by set; the command of that name has the rest. */
function contaminationRows(contamination: ContaminationCounts | undefined): Row[] {
  if (contamination === undefined) return [];
  const { records, matches } = contamination;
  const found = Object.entries(records).map(([record, { dropped, flagged }]) => {
    const name = { document: 'documents', pair: 'pairs' }[record] ?? record;
    return `${name}: ${thousands(dropped)} dropped, ${thousands(flagged)} flagged`;
  });
  const bySet = new Map<string, number>();
  for (const each of matches) {
    bySet.set(each.benchmark, (bySet.get(each.benchmark) ?? 0) + each.matches);
  }
  const sets = [...bySet].map(([name, count]) => `${counted(count, 'hits')} of ${printable(name, '')}`);
  return [['contamination', found.length === 0 ? 'none found' : [...found, ...sets].join('; ')]];
}

/** Without a manifest: what the workflow counted. */
function countRows({ counts }: RunState): Row[] {
  return Object.entries(counts).map(([name, count]) => [
    printable(name, ''),
    name.startsWith(SPENT) ? amount(count / 1e6, name.slice(SPENT.length)) : thousands(count),
  ]);
}

/** The ledger in a line; the command of that name has the rest. A run whose pairs came with the texts has nothing to tell. */
function ledgerRows(ledger: Ledger | null): Row[] {
  if (ledger === null || ledger.endpoint === null) return [];
  const { total, prices } = ledger;
  const money = total.money === null || prices === null ? [] : [amount(total.money.spent, prices.currency)];
  const said = list([
    [total.requests, 'requests'],
    [total.promptTokens, 'tokens in'],
    [total.cachedTokens, 'of them cached', 'rare'],
    [total.completionTokens, 'out'],
    [total.wastedPromptTokens + total.wastedCompletionTokens, 'wasted', 'rare'],
    [total.lostRequests, 'requests lost in flight (estimated)', 'rare'],
  ]);
  return [['endpoint', [said, ...money].join(', ')]];
}

/** What a judge says of a sample, beside the paper's figures of its own. */
function judgeRows({ judge }: RunState): Row[] {
  if (judge === null) return [];
  const { model, sampled, judged, unparsable, refused, accurate, relevant, tasks, paper } = judge;
  const failed = list([
    [unparsable, 'unparsable', 'rare'],
    [refused, 'refused', 'rare'],
  ]);
  const percent = (n: number): string => (judged === 0 ? '-' : `${((100 * n) / judged).toFixed(1)} %`);
  const theirs = Object.entries(paper).map(
    ([name, { accuracy, relevance, tasks }]) => `${name} ${accuracy}/${relevance}/${tasks}`,
  );
  return [
    [
      'judge',
      `${percent(accurate)} accurate, ${percent(relevant)} relevant, ${counted(tasks.length, 'kinds of task')}; ${thousands(judged)} of ${counted(sampled, 'pairs')} judged by ${printable(model, '')}${failed === '' ? '' : `, ${failed}`}`,
    ],
    ['', `the paper, by its own judge: ${theirs.join(', ')}`],
  ];
}

function trainingRows({ training }: RunState): Row[] {
  if (training === null) return [];
  const metrics = Object.entries(training.metrics).map(
    ([name, value]) => `${printable(name, '')} ${figure(value)}`,
  );
  return [
    ['training', [`${figure(training.seconds)} s`, ...metrics].join(', ')],
    ['output', printable(training.output, '')],
  ];
}

/** `3 kept, 0 rejects`; what is marked `rare` is left out when there is none. */
function list(parts: readonly [count: number, word: string, when?: 'rare'][]): string {
  return parts
    .filter(([count, , when]) => when === undefined || count > 0)
    .map(([count, word]) => counted(count, word))
    .join(', ');
}

function table(rows: readonly Row[]): string[] {
  const width = rows.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}

/** A run as `status` shows it: its phases while it runs, its summary once it is over. */
export function statusLines(state: RunState, view: ViewOptions): string[] {
  return state.status === 'running' ? renderRun(state, { ...view, whole: true }) : summaryLines(state);
}
