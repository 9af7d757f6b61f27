import { outputOf } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';
import { printable } from '../../lake/printable.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { Lists } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { markersIn } from '../synthesize/protocol/markers.ts';
import { DOCUMENTS } from '../tokenize/documents.ts';
import type { TextTokenizer } from '../tokenize/tokenizer.ts';

/** A document of a shard whose decoded text has marks of the protocol. */
export interface MarkedDocument {
  id: string;
  shard: string;
  /** Its place in the shard, from 0. */
  number: number;
  marks: readonly string[];
}

/** Documents with marks, of which each text is looked at once: by id, then by their marks. */
export interface MarkedDocuments {
  /** How many are held, copies with the same marks counted once. */
  readonly size: number;
  add(document: MarkedDocument): void;
  /** Gives them all, and holds none any more. */
  take(): Map<string, Map<string, MarkedDocument>>;
}

export function holdMarked(): MarkedDocuments {
  let held = new Map<string, Map<string, MarkedDocument>>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(document) {
      const same = held.get(document.id) ?? new Map<string, MarkedDocument>();
      held.set(document.id, same);
      const digest = digestOf(document.marks);
      if (!same.has(digest)) size++;
      same.set(digest, document);
    },
    take() {
      const all = held;
      held = new Map();
      size = 0;
      return all;
    },
  };
}

/**
 * Looks whether documents with marks have those that their texts give, when these are tokenized and decoded: a text may have any of its own.
 * Reads all rendered documents where there is one. Throws VerifyFailed that names the first that has others.
 */
export async function checkGivenMarks(
  store: ObjectStore,
  documents: Lists,
  tokenizer: TextTokenizer,
  marked: MarkedDocuments,
): Promise<void> {
  if (marked.size === 0) return;
  const left = marked.take();
  for (const commit of await readCommits(store, await readLists(store, Object.values(documents).flat()))) {
    for await (const rows of readBatches(store, outputOf(commit, DOCUMENTS), ['id', 'text'])) {
      for (const row of rows) {
        const id = String(row.id);
        const same = left.get(id);
        if (same === undefined) continue;
        // Two texts may go by one id: a text as a whole, and its first part.
        same.delete(digestOf(await marksGiven(tokenizer, String(row.text))));
        if (same.size === 0) left.delete(id);
      }
    }
  }
  for (const same of left.values()) {
    for (const { id, shard, number, marks } of same.values()) {
      const said = [...new Set(marks)].slice(0, 3).map((mark) => JSON.stringify(printable(mark)));
      throw new VerifyFailed(
        `document ${number} of shard ${shard} (${id}) reads ${said.join(', ')}, which the text that was tokenized does not give`,
        { bucket: store.bucket },
      );
    }
  }
}

async function marksGiven(tokenizer: TextTokenizer, text: string): Promise<string[]> {
  const [encoded] = await tokenizer.encodeBatch([text]);
  return markersIn(await tokenizer.decode(encoded?.ids ?? []));
}

const digestOf = (marks: readonly string[]): string => sha256(JSON.stringify(marks));
