import type { AttemptFolder, Output } from '../../lake/commit.ts';
import { openRunWriter } from '../../lake/exchange.ts';
import { writeTable } from '../../lake/table.ts';
import { exactRecord } from '../dedupe/records.ts';
import { REJECT_COLUMNS, REJECTS, type Reject, type ScannedText } from './texts.ts';

/** The exchange object for exact dedupe. */
export const EXACT = 'exact.run';

/** What scan notes beside the texts themselves: rejects, the records of dedupe, and counts. It holds them until they are written. */
export interface Findings {
  readonly counts: Record<string, number>;
  take(texts: readonly ScannedText[]): void;
  reject(reject: Reject): void;
  /** What there is of one source. */
  of(key: string): { texts: number; rejects: number };
  write(folder: AttemptFolder): Promise<Output[]>;
}

export function openFindings(): Findings {
  const rejects: Reject[] = [];
  const exact = openRunWriter();
  const counts = { texts: 0, rejects: 0, textBytes: 0 };
  const bySource = new Map<string, { texts: number; rejects: number }>();
  function of(key: string): { texts: number; rejects: number } {
    const known = bySource.get(key) ?? { texts: 0, rejects: 0 };
    bySource.set(key, known);
    return known;
  }
  /** A valid text becomes the records by which its duplicates find it. */
  function addRecords(text: ScannedText): void {
    const { key, payload } = exactRecord(text);
    exact.add(key, payload);
  }
  return {
    counts,
    take(texts) {
      for (const text of texts) {
        addRecords(text);
        counts.texts++;
        counts.textBytes += Buffer.byteLength(text.text);
        of(text.key).texts++;
      }
    },
    reject(reject) {
      rejects.push(reject);
      counts.rejects++;
      of(reject.key).rejects++;
    },
    of,
    async write(folder) {
      return [
        await writeTable(folder, REJECTS, REJECT_COLUMNS, rejects),
        await folder.write(EXACT, exact.finish()),
      ];
    },
  };
}
