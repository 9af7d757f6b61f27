import { commitStage } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeRun } from '../../lake/exchange.ts';
import { sha256 } from '../../lake/hash.ts';
import { BLOCK_ROWS, documentId } from '../../lake/identity.ts';
import { asId, asText } from '../../lake/parquet/cells.ts';
import { type Footer, readFooter } from '../../lake/parquet/footer.ts';
import { readRows } from '../../lake/parquet/rows.ts';
import { writeTable } from '../../lake/table.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import type { Done, EntryRef, RunRef } from '../../workflows/contract.ts';
import { exactRecord } from '../dedupe/records.ts';
import { failsAlone, plainFailure } from '../failure.ts';
import type { SourceFailure, SourceRun } from '../plan/partitions.ts';
import { checkStage, type RunPins, readPins } from '../plan/pins.ts';
import { readEntry } from '../plan/read-plan.ts';
import type { Services } from '../services.ts';
import { textOrReason } from './row.ts';
import { REJECT_COLUMNS, REJECTS, type Reject, type ScannedText, TEXT_COLUMNS, TEXTS } from './texts.ts';

/** What scan says of its share of one source. A source that failed anywhere does not exist for the run. */
export interface ScannedSource {
  source: number;
  key: string;
  rows: number;
  texts: number;
  rejects: number;
  failure: SourceFailure | null;
}
/** The exchange object for exact dedupe. */
export const EXACT = 'exact.run';

/**
 * Rows of a partition → valid texts with their place in the schedule, rejects with reasons, and the records by which
 * exact duplicates find each other. A source whose bytes cannot be read fails alone; `lenient`, so does one over which
 * our own code stumbles.
 */
export async function scanPartition(
  services: Services,
  { run, entry: ref, lenient }: { run: RunRef; entry: EntryRef; lenient?: boolean },
): Promise<Done> {
  const { store } = services;
  const pins = await readPins(store, run);
  checkStage(pins, 'scan');
  const entry = await readEntry(store, ref);
  const { ref: done, commit } = await commitStage(
    store,
    run,
    {
      stage: 'scan',
      version: pins.stages.scan,
      unit: entry.id,
      // Texts and dedupe records name their source by its place in the plan, which moves when objects come or go.
      spec: {
        input: { ...pins.spec.input, partitionBytes: undefined },
        ordinals: entry.runs.map(({ source }) => source),
        unicode: pins.unicode,
        lenient,
      },
      inputs: [],
      etags: entry.runs.map(({ etag }) => etag),
    },
    async (folder) => {
      const texts: ScannedText[] = [];
      const rejects: Reject[] = [];
      const sources: ScannedSource[] = [];
      const records: ExchangeRecord[] = [];
      for (const source of entry.runs) {
        const scanned = await scanSource(services, pins, source, lenient);
        sources.push(scanned.source);
        for (const text of scanned.texts) {
          texts.push(text);
          records.push(exactRecord(text));
        }
        for (const reject of scanned.rejects) rejects.push(reject);
      }
      const outputs = [
        await writeTable(folder, TEXTS, TEXT_COLUMNS, texts),
        await writeTable(folder, REJECTS, REJECT_COLUMNS, rejects),
        await folder.write(EXACT, encodeRun(records)),
      ];
      const counts = {
        texts: texts.length,
        rejects: rejects.length,
        textBytes: texts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
      };
      return {
        outputs,
        counts,
        data: sources,
      };
    },
  );
  const sources = commit.data as ScannedSource[];
  return {
    ref: done,
    counts: commit.counts,
    failures: sources.flatMap(({ key, failure }) => (failure === null ? [] : [{ key, ...failure }])),
  };
}

/** One source's share of a partition; nothing of it when it cannot be read whole. */
async function scanSource(
  { store, checkCancelled }: Services,
  pins: RunPins,
  run: SourceRun,
  lenient: boolean | undefined,
): Promise<{ source: ScannedSource; texts: ScannedText[]; rejects: Reject[] }> {
  const { input } = pins.spec;
  const texts: ScannedText[] = [];
  const rejects: Reject[] = [];
  const seen = { source: run.source, key: run.key, rows: run.rowEnd - run.rowStart };
  try {
    const object = { key: run.key, etag: run.etag, size: run.size };
    const footer = await readFooter(store, object);
    const columns = [input.text, input.id, input.title].filter((name) => name !== undefined);
    const { rowStart, rowEnd } = run;
    for await (const batch of readRows(store, object, footer, { columns, rowStart, rowEnd })) {
      checkCancelled();
      const block = blockOf(footer, batch.firstRow);
      const valid: ScannedText[] = [];
      for (const [i, cells] of batch.rows.entries()) {
        const row = batch.firstRow + i;
        const id = input.id === undefined ? null : (asId(cells[input.id]) ?? null);
        const found = textOrReason(cells[input.text]);
        if ('reason' in found) {
          rejects.push({ key: run.key, row, id, ...found });
          continue;
        }
        const { text } = found;
        valid.push({
          document: documentId(run.key, row),
          source: run.source,
          key: run.key,
          row,
          block,
          ordinal: valid.length,
          valid: 0,
          id,
          title: input.title === undefined ? null : titleOf(cells[input.title]),
          text,
          hash: sha256(normaliseForDedupe(text)).slice(0, 32),
        });
      }
      for (const text of valid) text.valid = valid.length;
      texts.push(...valid);
    }
    return {
      source: { ...seen, texts: texts.length, rejects: rejects.length, failure: null },
      texts,
      rejects,
    };
  } catch (error) {
    if (!failsAlone(error, lenient)) throw error;
    const { type, message } = plainFailure(error);
    const failure = { type, message };
    return { source: { ...seen, texts: 0, rejects: 0, failure }, texts: [], rejects: [] };
  }
}

/** First row of the block that a batch of rows is (batches never cross a block, and partitions are whole blocks). */
function blockOf(footer: Footer, firstRow: number): number {
  const group = footer.rowGroups.find(
    ({ firstRow: first, rows }) => firstRow >= first && firstRow < first + rows,
  );
  const start = group?.firstRow ?? 0;
  return firstRow - ((firstRow - start) % BLOCK_ROWS);
}

function titleOf(cell: unknown): string | null {
  const title = asText(cell);
  return title !== undefined && 'text' in title ? title.text : null;
}
