import { atOnce } from '../../lake/at-once.ts';
import { LakeError, SourceUnversioned } from '../../lake/errors.ts';
import { requireIdColumn, requirePairsColumn, requireTextColumn } from '../../lake/parquet/columns.ts';
import { type RowGroup, readFooter } from '../../lake/parquet/footer.ts';
import type { PageMap } from '../../lake/parquet/page-map.ts';
import { isFlat } from '../../lake/parquet/schema.ts';
import type { ListedObject } from '../../lake/store.ts';
import type { Services } from '../services.ts';
import type { InputColumns } from './inputs.ts';
import type { PlannedPiece, PlannedSource } from './partitions.ts';
import { piecesOf } from './pieces.ts';

/** Footers read at once. */
const FOOTERS = 16;

/** A source of the plan, in pieces. */
export interface ReadSource {
  source: PlannedSource;
  pieces: PlannedPiece[];
  rowGroups: RowGroup[];
  maps: PageMap[];
}

/**
 * Reads the footers of raw objects and cuts them into pieces. One whose footer or page headers cannot be read, or that lacks a
 * column, fails alone.
 */
export async function openSources(
  services: Services,
  columns: InputColumns,
  objects: readonly Omit<ListedObject, 'modified'>[],
  firstOrdinal: number,
  targetBytes: number,
): Promise<ReadSource[]> {
  const { store, checkCancelled } = services;
  return atOnce(objects, FOOTERS, async ({ key, etag, size }, index) => {
    checkCancelled();
    const source = { ordinal: firstOrdinal + index, key, etag, size, rows: 0, failure: null };
    // A readable footer says how many rows are lost with its file; without one nobody knows.
    let rows = 0;
    try {
      if (etag === '') {
        throw new SourceUnversioned(
          'the store gives this object no ETag (it was copied into its folder?); put it there with `instruct-lake import`',
          { bucket: store.bucket, key },
        );
      }
      const object = { key, etag, size };
      const footer = await readFooter(store, object);
      rows = footer.rows;
      for (const name of columns.text) requireTextColumn(footer, name);
      for (const name of columns.id) requireIdColumn(footer, name);
      const pairs = (columns.pairs ?? []).map((name) => requirePairsColumn(footer, name));
      const flat = pairs.filter(isFlat).map(({ name }) => name);
      const weighed = { text: [...columns.text, ...flat], id: columns.id };
      const { pieces, maps } = await piecesOf(services, object, footer, weighed, targetBytes);
      return {
        source: { ...source, rows },
        pieces,
        maps,
        rowGroups: maps.length > 0 ? footer.rowGroups : [],
      };
    } catch (error) {
      if (!(error instanceof LakeError) || error.family !== 'input') throw error;
      const failure = { type: error.name, message: error.message };
      return { source: { ...source, rows, failure }, pieces: [], rowGroups: [], maps: [] };
    }
  });
}
