import { type ExchangeRecord, encodeRun, openRun, type Run } from '../lake/exchange.ts';

/** A run of these records, in memory. */
export async function memoryRun(records: Iterable<ExchangeRecord>, blockBytes = 300): Promise<Run> {
  const pieces: Uint8Array[] = [];
  for await (const piece of encodeRun(records, { blockBytes })) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  return openRun({ read: async (start, end) => bytes.subarray(start, end) }, bytes.length);
}
