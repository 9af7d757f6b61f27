import type { AttemptFolder, Output } from '../../lake/commit.ts';
import { writeTable } from '../../lake/table.ts';
import { openDedupeRecords } from '../dedupe/scan-records.ts';
import { REJECT_COLUMNS, REJECTS, type Reject, type ScannedText } from './texts.ts';

/** What scan notes beside the texts themselves: rejects, the records of dedupe, and counts. */
export interface Findings {
  readonly counts: Record<string, number>;
  /** Takes texts in and gives each its hash: that of its folded form, 128 bits as 32 hex digits. */
  take(texts: readonly ScannedText[]): Promise<void>;
  reject(reject: Reject): void;
  /** What there is of one source. */
  of(key: string): { texts: number; rejects: number };
  finish(): Promise<Output[]>;
}

/** Opens the findings of a partition; without `near` dedupe can find exact duplicates alone. */
export function openFindings(folder: AttemptFolder, near: boolean): Findings {
  const rejects: Reject[] = [];
  const dedupe = openDedupeRecords(folder, near);
  const counts = { texts: 0, rejects: 0, textBytes: 0 };
  const bySource = new Map<string, { texts: number; rejects: number }>();
  function of(key: string): { texts: number; rejects: number } {
    const known = bySource.get(key) ?? { texts: 0, rejects: 0 };
    bySource.set(key, known);
    return known;
  }
  return {
    counts,
    async take(texts) {
      for (const text of texts) {
        text.hash = dedupe.add(text, text.text);
        counts.texts++;
        counts.textBytes += Buffer.byteLength(text.text);
        of(text.key).texts++;
      }
      await dedupe.spill();
    },
    reject(reject) {
      rejects.push(reject);
      counts.rejects++;
      of(reject.key).rejects++;
    },
    of,
    async finish() {
      return [await writeTable(folder, REJECTS, REJECT_COLUMNS, rejects), ...(await dedupe.finish())];
    },
  };
}
