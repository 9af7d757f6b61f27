import type { ColumnMetaData, DecodedArray, FileMetaData, PageHeader, SchemaElement } from 'hyparquet';
import { parquetSchema } from 'hyparquet';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { PARSERS } from './cells.ts';
import { DECOMPRESSORS, owned } from './codecs.ts';
import { readHybrid } from './hybrid.ts';

/** What is needed to decode the pages of a flat column. */
export interface FlatDecoder {
  meta: ColumnMetaData;
  element: SchemaElement;
  /** From hyparquet's physical values to texts, numbers and times. */
  enrich: (values: DecodedArray) => DecodedArray;
}

/** A page of more values than this is damage: arrays of such lengths would end the process. */
const MAX_VALUES = 2 ** 26;

/** A page may unpack to this much, or to this many times its size, whatever the footer says; beyond it is damage. */
const PLAUSIBLE_BYTES = 64 * 2 ** 20;
const PLAUSIBLE_RATIO = 32;

/** The decoder of a flat column. Throws RangeError where the schema lacks it. */
export function flatDecoder(metadata: FileMetaData, meta: ColumnMetaData): FlatDecoder {
  const root = parquetSchema(metadata);
  const leaf = root.children.find((child) => child.element.name === meta.path_in_schema[0]);
  if (leaf === undefined) throw new RangeError('the schema lacks the column');
  const decoder = {
    pathInSchema: meta.path_in_schema,
    type: meta.type,
    element: leaf.element,
    schemaPath: [root, leaf],
    codec: meta.codec,
    parsers: { ...DEFAULT_PARSERS, ...PARSERS },
  };
  return { meta, element: leaf.element, enrich: (values) => convert(values, decoder) };
}

/** The values of a dictionary page. `body` is the page without its header, in a buffer of its own. */
export function dictionaryValues(body: Uint8Array, header: PageHeader, decoder: FlatDecoder): DecodedArray {
  const count = header.dictionary_page_header?.num_values ?? 0;
  checkCount(count);
  const bytes = unpacked(body, header.uncompressed_page_size, decoder);
  return decoder.enrich(readPlain(readerOf(bytes), decoder.meta.type, count, decoder.element.type_length));
}

/** The values of a data page (either version), null where there is none. Throws RangeError and the like on damage. */
export function pageValues(
  body: Uint8Array,
  header: PageHeader,
  decoder: FlatDecoder,
  dictionary: DecodedArray | undefined,
): ArrayLike<unknown> {
  const optional = decoder.element.repetition_type !== 'REQUIRED';
  const v2 = header.data_page_header_v2;
  if (v2 !== undefined) {
    checkCount(v2.num_values);
    const levelBytes = v2.repetition_levels_byte_length + v2.definition_levels_byte_length;
    const levels = optional
      ? readHybrid(body.subarray(v2.repetition_levels_byte_length, levelBytes), 1, v2.num_values)
      : undefined;
    const size = header.uncompressed_page_size - levelBytes;
    const packed = owned(body.slice(levelBytes));
    const bytes = v2.is_compressed === false ? packed : unpacked(packed, size, decoder);
    const present = countPresent(levels, v2.num_values);
    if (present !== v2.num_values - v2.num_nulls) throw new RangeError('the nulls of a page do not add up');
    return spread(decode(bytes, v2.encoding, present, decoder, dictionary), levels);
  }
  const v1 = header.data_page_header;
  if (v1 === undefined) throw new RangeError(`a page of type ${header.type} has no header`);
  checkCount(v1.num_values);
  const bytes = unpacked(body, header.uncompressed_page_size, decoder);
  if (!optional) return decode(bytes, v1.encoding, v1.num_values, decoder, dictionary);
  if (v1.definition_level_encoding !== 'RLE') {
    throw new RangeError(`definition levels in ${v1.definition_level_encoding} are not supported`);
  }
  const end = 4 + readerOf(bytes).view.getUint32(0, true);
  const levels = readHybrid(bytes.subarray(4, end), 1, v1.num_values);
  const present = countPresent(levels, v1.num_values);
  return spread(decode(bytes.slice(end), v1.encoding, present, decoder, dictionary), levels);
}

function decode(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  decoder: FlatDecoder,
  dictionary: DecodedArray | undefined,
): DecodedArray {
  if (count === 0) return [];
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    return lookUp(readHybrid(bytes.subarray(1), bytes[0] ?? 255, count), dictionary);
  }
  return decoder.enrich(physical(bytes, encoding, count, decoder));
}

function physical(bytes: Uint8Array, encoding: string, count: number, decoder: FlatDecoder): DecodedArray {
  const { type } = decoder.meta;
  const reader = readerOf(bytes);
  switch (encoding) {
    case 'PLAIN':
      return readPlain(reader, type, count, decoder.element.type_length);
    case 'RLE': {
      if (type !== 'BOOLEAN') break;
      const end = 4 + reader.view.getUint32(0, true);
      return Array.from(readHybrid(bytes.subarray(4, end), 1, count), (bit) => bit === 1);
    }
    case 'DELTA_BINARY_PACKED': {
      const values = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
      deltaBinaryUnpack(reader, count, values);
      return values;
    }
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY': {
      const values: Uint8Array[] = new Array(count);
      if (encoding === 'DELTA_BYTE_ARRAY') deltaByteArray(reader, count, values);
      else deltaLengthByteArray(reader, count, values);
      return values;
    }
    case 'BYTE_STREAM_SPLIT':
      return byteStreamSplit(reader, count, type, decoder.element.type_length);
  }
  throw new RangeError(`encoding ${encoding} of ${type} is not supported`);
}

function lookUp(indexes: Uint32Array, dictionary: DecodedArray | undefined): unknown[] {
  if (dictionary === undefined) throw new RangeError('the dictionary is missing');
  return Array.from(indexes, (index): unknown => {
    if (index >= dictionary.length)
      throw new RangeError(`entry ${index} of ${dictionary.length} in the dictionary`);
    return dictionary[index];
  });
}

function countPresent(levels: Uint32Array | undefined, count: number): number {
  return levels === undefined ? count : levels.reduce((sum, level) => sum + level, 0);
}

function spread(values: ArrayLike<unknown>, levels: Uint32Array | undefined): ArrayLike<unknown> {
  if (levels === undefined || values.length === levels.length) return values;
  let next = 0;
  return Array.from(levels, (level) => (level === 1 ? values[next++] : null));
}

function unpacked(body: Uint8Array, size: number, { meta }: FlatDecoder): Uint8Array {
  // parquetjs notes the packed size as that of the whole column, so the footer alone is no bound.
  const most = Math.max(Number(meta.total_uncompressed_size), PLAUSIBLE_BYTES, body.length * PLAUSIBLE_RATIO);
  if (!(size >= 0 && size <= most)) {
    throw new RangeError(`a page claims to unpack to ${size} bytes`);
  }
  // Writers leave an empty page empty instead of compressing nothing.
  if (size === 0) return new Uint8Array();
  return decompressPage(body, size, meta.codec, DECOMPRESSORS);
}

function checkCount(count: number): void {
  if (!(count >= 0 && count <= MAX_VALUES)) throw new RangeError(`a page claims ${count} values`);
}

function readerOf(bytes: Uint8Array): { view: DataView; offset: number } {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}
