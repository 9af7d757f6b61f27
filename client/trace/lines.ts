import { printable } from '../../lake/printable.ts';
import type { Lineage, TokenLineage } from './trace.ts';

/** Characters of a text that are shown. */
const SHOWN = 160;
const short = (text: string): string => {
  const line = printable(text.replace(/\s+/g, ' ').trim(), '');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
};

/** A lineage for people, from the token or document down to the raw row, with control characters made visible. */
export function lineageLines(lineage: Lineage | TokenLineage): string[] {
  const lines: string[] = [];
  if ('token' in lineage) {
    const { shard, offset, document, inDocument, span } = lineage.token;
    lines.push(
      `token ${shard}:${offset} is token ${inDocument} of document ${document}, ${span === null ? 'in no span' : `in its ${span}`}`,
    );
  }
  const { documents = [], texts = [], template, duplicates, places, partition } = lineage;
  if (partition !== undefined) lines.push(`made in partition ${printable(partition, '')}`);
  for (const { id, unit, source, when, tokens, text } of documents) {
    const chain = unit === id ? '' : `, chain ${unit}`;
    const form = when === 'raw' || when === 'rawOnly' ? ' (for mixes that leave it raw)' : '';
    lines.push(`document ${id}${chain}: ${source}${form}, ${tokens} tokens`, `  ${short(text)}`);
  }
  if (template) {
    lines.push(`template: mode ${template.mode}, seed ${JSON.stringify(template.seed)}`);
    for (const [pool, wording] of Object.entries(template.wordings)) {
      lines.push(`  ${pool}: ${printable(JSON.stringify(wording), '')}`);
    }
  }
  for (const text of texts) {
    const { key, row, part, rowId, slot, round, request, setAside, pairs } = text;
    lines.push(
      `raw row ${printable(key, '')} row ${row}${part > 0 ? `, part ${part}` : ''}${rowId === null ? '' : ` (id ${printable(rowId, '')})`}: text ${text.document}`,
    );
    if (request === null) continue;
    lines.push(
      `  slot ${slot}, round ${round}${text.linked ? ', linked to the text before it' : ''}, ${request === '' ? 'its pairs came with it' : `request ${request}`}${setAside === null ? '' : `, set aside: ${printable(setAside, '')}`}`,
    );
    for (const { id, kind, question, answer, dropped } of pairs) {
      lines.push(
        `  pair ${id} (${kind}${dropped ? ', filtered' : ''}): ${short(question)} → ${short(answer)}`,
      );
    }
  }
  for (const { key, row, keptKey, keptRow, keptRun, kind, similarity } of duplicates) {
    lines.push(
      `${kind} duplicate (${similarity.toFixed(2)}): ${printable(key, '')} row ${row} was dropped for ${printable(keptKey, '')} row ${keptRow} of run ${printable(keptRun, '')}`,
    );
  }
  for (const { shard, start, end, id, copy, source } of places) {
    lines.push(
      `in ${shard}: tokens ${start} to ${end - 1}, document ${id}, copy ${copy}, mix source ${source}`,
    );
  }
  return lines;
}
