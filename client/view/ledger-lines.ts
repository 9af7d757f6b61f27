import type { Ledger, LedgerRow } from '../../activities/publish/ledger.ts';
import type { EndpointPrices } from '../../activities/settings.ts';
import { SPENT } from '../../activities/synthesize/usage.ts';
import { printable } from '../../lake/printable.ts';
import { counted, thousands } from './format.ts';

/** A ledger for people: rounds × tokens × money, what was of no use, what the cache saved, the partitions that took the most. */
export function ledgerLines(ledger: Ledger, open = 0): string[] {
  const { domain, run, endpoint, model, prices, total, rounds, partitions, dearest, unpublished } = ledger;
  return [
    endpoint === null
      ? `${printable(`${domain}/${run}`, '')}: it has asked no endpoint`
      : `${printable(`${domain}/${run}`, '')}: what it took of endpoint ${printable(endpoint, '')}, model ${printable(model, '')}`,
    ...(prices === null ? [] : [pricesLine(prices)]),
    ...table(prices, [
      ...rounds.map((row): [string, LedgerRow] => [`round ${row.round + 1}`, row]),
      ['total', total],
    ]),
    ...usageLines(total, prices),
    ...(unpublished > 0
      ? [
          `${counted(unpublished, 'texts')} prompted of sources that failed later: paid for, and not published`,
        ]
      : []),
    ...(open > 0
      ? [`${counted(open, 'rounds')} not finished: their answers are counted as wasted until they are`]
      : []),
    ...(partitions > 1
      ? [
          `${thousands(partitions)} partitions; those that took the most:`,
          ...table(
            prices,
            dearest.map((row): [string, LedgerRow] => [printable(row.partition, ''), row]),
          ),
        ]
      : []),
    ...ledger.notes.map((note) => printable(note)),
  ];
}

function pricesLine(prices: EndpointPrices): string {
  const { prompt, cached, completion, currency } = prices;
  return `prices per million tokens: ${prompt} prompt, ${cached} cached, ${completion} completion, in ${printable(currency, '')}`;
}

/** What was of no use, and what the server's cache spared. */
function usageLines(total: LedgerRow, prices: EndpointPrices | null): string[] {
  const { wastedAnswers, failedRequests, lostRequests, cachedTokens, promptTokens, money } = total;
  const of = (value: number | undefined): string =>
    money === null || prices === null || value === undefined ? '' : `, ${amount(value, prices.currency)}`;
  const wasted = total.wastedPromptTokens + total.wastedCompletionTokens;
  const lost = total.lostPromptTokens + total.lostCompletionTokens;
  const cached = promptTokens === 0 ? 0 : Math.round((100 * cachedTokens) / promptTokens);
  return [
    `wasted: ${counted(wastedAnswers, 'answers')} of no use, ${counted(failedRequests, 'requests')} failed: ${counted(wasted, 'tokens')}${of(money?.wasted)}`,
    `lost in flight (estimated): ${counted(lostRequests, 'requests')}, ${counted(lost, 'tokens')}${of(money?.lost)}`,
    `from the server's cache: ${counted(cachedTokens, 'tokens')}, ${cached} % of the prompts${money === null || prices === null ? '' : `; saved ${amount(money.savedByCache, prices.currency)}`}`,
  ];
}

/** Lines of figures under their names, aligned. */
function table(prices: EndpointPrices | null, rows: readonly (readonly [string, LedgerRow])[]): string[] {
  const head = ['', 'texts', 'requests', 'prompt', 'cached', 'completion', 'seconds'];
  if (prices !== null) head.push(printable(prices.currency, ''));
  const cells = rows.map(([name, row]) => [
    name,
    ...[
      row.prompted,
      row.requests,
      row.promptTokens,
      row.cachedTokens,
      row.completionTokens,
      row.seconds,
    ].map(thousands),
    ...(row.money === null ? [] : [figures(row.money.spent)]),
  ]);
  const all = [head, ...cells];
  const widths = head.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  return all.map(
    (line) =>
      `  ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
  );
}

/** `12.34 EUR`; what is under a cent has its first digits. */
export const amount = (value: number, currency: string): string =>
  `${figures(value)} ${printable(currency, '')}`;

function figures(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return value.toPrecision(2);
  const [whole = '0', cents = '00'] = Math.abs(value).toFixed(2).split('.');
  return `${value < 0 ? '-' : ''}${whole.replace(/\B(?=(?:\d{3})+$)/g, ',')}.${cents}`;
}

/** Tokens and money of a run under way, from the counts of its progress: `1,200 tokens in, 300 out, 0.12 EUR`. */
export function spendingOf(counts: Readonly<Record<string, number>>): string {
  const { promptTokens = 0, cachedTokens = 0, completionTokens = 0, lostRequests = 0 } = counts;
  if (promptTokens + completionTokens === 0) return '';
  const money = Object.entries(counts)
    .filter(([name]) => name.startsWith(SPENT))
    .map(([name, millionths]) => amount(millionths / 1e6, name.slice(SPENT.length)));
  return [
    `${counted(promptTokens, 'tokens')} in${cachedTokens > 0 ? ` (${thousands(cachedTokens)} cached)` : ''}`,
    `${thousands(completionTokens)} out`,
    ...money,
    ...(lostRequests > 0 ? [`${counted(lostRequests, 'requests')} lost in flight (estimated)`] : []),
  ].join(', ');
}
