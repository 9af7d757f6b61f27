import type { TokenSpan } from '../../workflows/contract.ts';
import { bytesPerToken, type Dtype } from './dtype.ts';

/** A document of a shard: one copy of it, as it goes through the shuffle. */
export interface ShardDocument {
  /** 32 hex digits, as that of its unit. */
  id: string;
  unit: string;
  /** Which copy of the document it is, from 0. */
  copy: number;
  /** Its source's place in the mix. */
  source: number;
  /** Its tokens as they stand in a body. */
  body: Uint8Array;
  tokens: number;
  spans: TokenSpan[];
  /** Empty where no format of the run wants it. */
  text: string;
}

const KINDS = ['context', 'question', 'rationale', 'answer'] as const satisfies readonly TokenSpan['kind'][];
/** Bytes before the tokens, without spans. */
const HEAD_BYTES = 44;
const SPAN_BYTES = 17;

/**
 * Payload of a record of the shuffle, numbers little-endian: id (16 bytes), unit (16), copy u16, source u16, bytes of the
 * body u32, spans u32, then for each span kind u8, start, end, from, to (u32 each), the body, and the text in UTF-8.
 */
export function shardRecord({
  id,
  unit,
  copy,
  source,
  body,
  spans,
  text,
}: Omit<ShardDocument, 'tokens'>): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES + spans.length * SPAN_BYTES);
  head.write(id, 0, 'hex');
  head.write(unit, 16, 'hex');
  head.writeUInt16LE(copy, 32);
  head.writeUInt16LE(source, 34);
  head.writeUInt32LE(body.length, 36);
  head.writeUInt32LE(spans.length, 40);
  let at = HEAD_BYTES;
  for (const { kind, start, end, from, to } of spans) {
    at = head.writeUInt8(KINDS.indexOf(kind), at);
    for (const number of [start, end, from, to]) at = head.writeUInt32LE(number, at);
  }
  return Buffer.concat([head, body, Buffer.from(text)]);
}

/** The document of a payload; its body is a view of it. */
export function shardDocument(payload: Uint8Array, dtype: Dtype): ShardDocument {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const size = view.readUInt32LE(36);
  const count = view.readUInt32LE(40);
  const spans: TokenSpan[] = [];
  for (let i = 0; i < count; i++) {
    const at = HEAD_BYTES + i * SPAN_BYTES;
    spans.push({
      kind: KINDS[view.readUInt8(at)] ?? 'context',
      start: view.readUInt32LE(at + 1),
      end: view.readUInt32LE(at + 5),
      from: view.readUInt32LE(at + 9),
      to: view.readUInt32LE(at + 13),
    });
  }
  const start = HEAD_BYTES + count * SPAN_BYTES;
  return {
    id: view.toString('hex', 0, 16),
    unit: view.toString('hex', 16, 32),
    copy: view.readUInt16LE(32),
    source: view.readUInt16LE(34),
    body: payload.subarray(start, start + size),
    tokens: size / bytesPerToken(dtype),
    spans,
    text: view.toString('utf8', start + size),
  };
}
