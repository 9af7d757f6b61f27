import { isWrite, type StoreRequest } from '../s3-proxy.ts';

/** A kind of write of a run: where in the sequence it first comes, and whether it is conditional. */
export interface Point {
  name: string;
  conditional: boolean;
}

/**
 * The kind of a write, by its key with what differs between runs taken out: domain, run, unit, fingerprint, attempt,
 * numbers. Steps of a multipart upload are kinds of their own.
 */
export function pointName({ key, upload }: StoreRequest): string {
  const name = key
    .replace(/^runs\/[^/]+\/[^/]+\//, '')
    // A run that takes the domain writes an odd one, and publishes by the next.
    .replace(/^index\/[^/]+\/log\/\d*[13579]\.json$/, 'index/log/<number>.json')
    .replace(/^index\/[^/]+\/log\/\d+\.json$/, 'index/log/<next>.json')
    .replace(/^index\/[^/]+\/latest/, 'index/latest')
    .replace(/^(lists|tokenizers)\/[0-9a-f]+/, '$1/<hash>')
    .replace(/^stages\/[^/]+\/([^/]+)\/[0-9a-f]{64}\//, '$1/')
    .replace(/\/[0-9a-f]{32}\//, '/<attempt>/')
    .replace(/\d{5}/g, '<n>');
  return upload === undefined ? name : `${name} (${upload})`;
}

/** Writes down the kinds of write in the order in which they first come. */
export function recorder(): { note: (request: StoreRequest) => void; points: Point[] } {
  const points: Point[] = [];
  function note(request: StoreRequest): void {
    if (!isWrite(request)) return;
    const name = pointName(request);
    if (!points.some((point) => point.name === name)) points.push({ name, conditional: request.conditional });
  }
  return { note, points };
}

/** The write that makes a run visible; an incremental one has taken the domain by an entry before. */
export const VISIBLE_FROM = 'index/log/<number>.json';
export const INCREMENTAL_VISIBLE_FROM = 'index/log/<next>.json';
