import type { AttemptFolder, Output } from '../../lake/commit.ts';
import type { FullSpec } from '../../lake/spec.ts';
import { writeTable } from '../../lake/table.ts';
import { openDedupeRecords } from '../dedupe/scan-records.ts';
import { addReasons, reasonCounts } from '../reasons.ts';
import { REJECT_COLUMNS, REJECTS, type Reject, type ScannedText } from './texts.ts';

/** What there is of one source, its rejects by reason too. */
export interface FoundOfSource {
  texts: number;
  rejects: number;
  rejectReasons: Record<string, number>;
}
/** What scan notes beside the texts themselves: rejects, the records of dedupe, and counts. */
export interface Findings {
  /** Takes texts in and gives each its hash: that of its folded form, 128 bits as 32 hex digits. */
  take(texts: readonly ScannedText[]): Promise<void>;
  reject(reject: Reject): void;
  of(key: string): FoundOfSource;
  /** Of all sources; each reject as `reject:<reason>` too. */
  counts(): Record<string, number>;
  finish(): Promise<Output[]>;
}

/** Opens the findings of a partition. */
export function openFindings(folder: AttemptFolder, dedupe: FullSpec['dedupe']): Findings {
  const rejects: Reject[] = [];
  const records = openDedupeRecords(folder, dedupe);
  const counts = { texts: 0, rejects: 0, textBytes: 0 };
  const reasons: Record<string, number> = {};
  const bySource = new Map<string, FoundOfSource>();
  function of(key: string): FoundOfSource {
    const known = bySource.get(key) ?? { texts: 0, rejects: 0, rejectReasons: {} };
    bySource.set(key, known);
    return known;
  }
  return {
    counts: () => ({ ...counts, ...reasonCounts('reject', reasons) }),
    async take(texts) {
      for (const text of texts) {
        text.hash = records.add(text, text.text);
        counts.texts++;
        counts.textBytes += Buffer.byteLength(text.text);
        of(text.key).texts++;
      }
      await records.spill();
    },
    reject(reject) {
      rejects.push(reject);
      counts.rejects++;
      const source = of(reject.key);
      source.rejects++;
      for (const sum of [reasons, source.rejectReasons]) addReasons(sum, { [reject.reason]: 1 });
    },
    of,
    async finish() {
      return [await writeTable(folder, REJECTS, REJECT_COLUMNS, rejects), ...(await records.finish())];
    },
  };
}
