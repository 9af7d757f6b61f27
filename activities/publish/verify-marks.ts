import { outputOf } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { PublishInput, Span } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { hasMarker } from '../synthesize/protocol/markers.ts';
import { DOCUMENTS } from '../tokenize/documents.ts';

/**
 * Looks for marks of the synthesizer's protocol in every rendered chain, outside its contexts, which are raw text and may have any. The
 * texts are those that were tokenized. Throws VerifyFailed that names the first document.
 */
export async function checkMarks(store: ObjectStore, { documents }: PublishInput): Promise<string> {
  let looked = 0;
  for (const commit of await readCommits(store, await readLists(store, Object.values(documents).flat()))) {
    const table = outputOf(commit, DOCUMENTS);
    for await (const rows of readBatches(store, table, ['id', 'source', 'text', 'spans'])) {
      for (const { id, source, text, spans } of rows) {
        if (source !== 'augmented') continue;
        looked++;
        if (!hasMarker(outsideContexts(String(text), JSON.parse(String(spans)) as Span[]))) continue;
        throw new VerifyFailed(`document ${id} has a mark of the protocol that is not of its raw texts`, {
          bucket: store.bucket,
          key: table.key,
        });
      }
    }
  }
  return `${looked} rendered documents have none that is not of their raw texts`;
}

/** What of a document is not raw text; a break stands where a context was, so that nothing is joined to a mark. */
export function outsideContexts(text: string, spans: readonly Span[]): string {
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  let at = 0;
  for (const { kind, start, end } of spans) {
    if (kind !== 'context') continue;
    pieces.push(bytes.toString('utf8', at, start));
    at = end;
  }
  pieces.push(bytes.toString('utf8', at));
  return pieces.join('\n');
}
