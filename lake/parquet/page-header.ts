import type { PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import type { ByteWindow } from './window.ts';

/** Tried first; most headers have some tens of bytes. */
const HEADER_BYTES = 16 * 1024;
/** Some writers put the smallest and the largest text of a page into its header, uncut. */
const MAX_HEADER_BYTES = 64 * 2 ** 20;

/** A page: what its header says, and where the page (header included) begins. */
export interface Page {
  header: PageHeader;
  start: number;
  /** Rows of a data page of a flat column; undefined for a dictionary and other pages. */
  rows: number | undefined;
}

/**
 * Reads the page header at which a window stands and leaves the window at the page's body. What is looked at grows with
 * the header. Throws what the decoder throws where there is none, and RangeError where the body reaches past the range.
 */
export async function readPageHeader(window: ByteWindow): Promise<Page> {
  const start = window.position;
  let bytes = window.held();
  for (let length = HEADER_BYTES; ; length *= 4) {
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    let header: PageHeader | undefined;
    let problem: unknown;
    try {
      header = parquetHeader(reader);
    } catch (cause) {
      problem = cause;
    }
    if (header !== undefined) {
      window.skip(reader.offset);
      const size = header.compressed_page_size;
      if (!(size >= 0 && window.position + size <= window.end))
        throw new RangeError('a page reaches past its column');
      const shape = header.data_page_header_v2 ?? header.data_page_header;
      return { header, start, rows: shape?.num_values };
    }
    const whole = bytes.length >= window.end - start;
    if (whole || bytes.length >= MAX_HEADER_BYTES) throw problem;
    bytes = await window.peek(Math.max(length, Math.min(bytes.length * 4, MAX_HEADER_BYTES)));
  }
}
