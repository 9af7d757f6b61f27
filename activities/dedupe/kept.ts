import { longer } from '../../lake/longer.ts';
import { NO_NODE, openBucketLists } from './bucket-lists.ts';
import type { Comparer } from './comparer.ts';
import { BANDS, bandHigh, bandLow } from './signature.ts';

/** The documents that are kept so far, as far as later ones are compared with them. */
export interface Kept {
  /**
   * The most similar to the document that the comparer has taken up, of those that share a band of `mask` with it, and of
   * several the first; undefined where none is as similar as the threshold asks.
   */
  nearest(signature: Uint16Array, mask: number): Nearest | undefined;
  /** Keeps the document that the comparer has taken up. To be called in keep order. */
  keep(document: number, signature: Uint16Array, mask: number): void;
}
export interface Nearest {
  document: number;
  score: number;
}

/**
 * Opens an empty set of them. Lists take `bucketKept` documents of a bucket, and a document is held only where one has
 * room for it: however many share a piece of text, little of them is held, and none is compared with all others.
 */
export function openKept(comparer: Comparer, bucketKept: number): Kept {
  const lists = openBucketLists(bucketKept);
  let documents = new Uint32Array(1024);
  // The last question in which a slot came up: it may share several bands.
  let asked = new Uint32Array(1024);
  let question = 0;

  function hold(document: number): number {
    const slot = comparer.hold();
    if (slot === documents.length) {
      documents = longer(documents);
      asked = longer(asked);
    }
    documents[slot] = document;
    return slot;
  }
  return {
    nearest(signature, mask) {
      question++;
      let found = -1;
      let { least } = comparer;
      for (let band = 0; band < BANDS; band++) {
        if ((mask & (1 << band)) === 0) continue;
        const head = lists.head(bandHigh(signature, band), bandLow(signature, band));
        for (let node = head; node !== NO_NODE; node = lists.before(node)) {
          const slot = lists.slotOf(node);
          if (asked[slot] === question) continue;
          asked[slot] = question;
          const score = comparer.score(slot, least);
          // Slots are in keep order: of equals the lowest is the first.
          if (score > least || (score === least && (found === -1 || slot < found))) {
            found = slot;
            least = score;
          }
        }
      }
      return found === -1 ? undefined : { document: documents[found] as number, score: least };
    },
    keep(document, signature, mask) {
      let slot = -1;
      for (let band = 0; band < BANDS; band++) {
        if ((mask & (1 << band)) === 0) continue;
        const hi = bandHigh(signature, band);
        const lo = bandLow(signature, band);
        if (lists.isFull(hi, lo)) continue;
        if (slot === -1) slot = hold(document);
        lists.add(hi, lo, slot);
      }
    },
  };
}
