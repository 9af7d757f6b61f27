import { sha256Bytes } from '../../lake/hash.ts';

/** Which beginnings of prompts a server has lately worked on, block by block, as vLLM's automatic prefix caching keeps them. */
export interface PrefixCache {
  /** Whole blocks at the start of `text` that are known. They count as used just now. */
  known(text: string): number;
  keep(text: string): void;
}

/** A cache of at most `blocks` blocks of `blockChars` characters; the one that was used longest ago goes first. */
export function openPrefixCache(blockChars: number, blocks: number): PrefixCache {
  /** In the order of use. */
  const kept = new Set<string>();

  function* chain(text: string): Generator<string> {
    let before = '';
    for (let at = 0; at + blockChars <= text.length; at += blockChars) {
      before = Buffer.from(sha256Bytes(before + text.slice(at, at + blockChars))).toString('base64', 0, 12);
      yield before;
    }
  }
  function use(block: string): void {
    kept.delete(block);
    kept.add(block);
  }
  return {
    known(text) {
      let count = 0;
      for (const block of chain(text)) {
        if (!kept.has(block)) break;
        use(block);
        count++;
      }
      return count;
    },
    keep(text) {
      for (const block of chain(text)) use(block);
      for (const block of kept) {
        if (kept.size <= blocks) break;
        kept.delete(block);
      }
    },
  };
}
