import { sha256 } from './hash.ts';

/**
 * Ids are the first 128 bits (32 hex digits) of SHA-256 over the JSON array [kind, …parts]. They depend on where a row
 * stands in its source and on nothing else: not on partitions, workers, attempts or time. docs/identity.md has the
 * golden values.
 */
function id(kind: string, ...parts: (string | number)[]): string {
  return sha256(JSON.stringify([kind, ...parts])).slice(0, 32);
}

/** A document: one row of a source (or part `part` of it, counted from 0, where the text was split). */
export const documentId = (key: string, row: number, part = 0): string => id('document', key, row, part);

/** A source: one version of one raw object. */
export const sourceId = (key: string, etag: string): string => id('source', key, etag);

/** A slot: place `slot` in the schedule of the block of `key` that starts at row `blockRow`. */
export const slotId = (key: string, blockRow: number, slot: number): string =>
  id('slot', key, blockRow, slot);

/** A chain: a maximal linked run of documents in a slot, known by its first document. */
export const chainId = (firstDocument: string): string => id('chain', firstDocument);

/** A document for the trainer: piece `piece` of chain `chain` in template variant `variant`. */
export const renderedId = (chain: string, variant: number, piece: number): string =>
  id('rendered', chain, variant, piece);

/** A pair: number `ordinal` among the valid pairs of a document. */
export const pairId = (document: string, ordinal: number): string => id('pair', document, ordinal);

/** Rows of a block at most; a block starts at row 0 of each row group and every so many rows in it. */
export const BLOCK_ROWS = 1024;

/** First rows (absolute in the file) of the blocks of a row group. */
export function blockStarts(groupFirstRow: number, groupRows: number): number[] {
  const starts: number[] = [];
  for (let row = 0; row < groupRows; row += BLOCK_ROWS) starts.push(groupFirstRow + row);
  return starts;
}

/** Slots of a block with `valid` valid rows at `rounds` rounds: ceil(N / M). */
export const slotCount = (valid: number, rounds: number): number => Math.ceil(valid / rounds);

/** Where valid row `ordinal` (from 0) of a block stands in its schedule. */
export function placeOf(ordinal: number, valid: number, rounds: number): { slot: number; round: number } {
  const slots = slotCount(valid, rounds);
  return { slot: ordinal % slots, round: Math.floor(ordinal / slots) };
}
