import { withoutDropped } from '../../activities/filter/chains.ts';
import { readDropped } from '../../activities/filter/pair-table.ts';
import type { When } from '../../activities/mix/form.ts';
import type { RunPins } from '../../activities/plan/pins.ts';
import { readEntry } from '../../activities/plan/read-plan.ts';
import { type ScannedText, scannedText, TEXT_COLUMNS, TEXTS } from '../../activities/scan/texts.ts';
import { chainsOf, type Entry } from '../../activities/synthesize/entry.ts';
import { readEntries } from '../../activities/synthesize/entry-table.ts';
import { sliceBytes, walkBack } from '../../activities/synthesize/slots.ts';
import { renderChain } from '../../activities/template/render.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import { outputOf, readCommit, type StageCommit } from '../../lake/commit.ts';
import { groupBy } from '../../lake/group-by.ts';
import { chainId, documentId, pairId } from '../../lake/identity.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readBatches } from '../../lake/table.ts';
import type { ObjectRef, Pair } from '../../workflows/contract.ts';

/** A document as the template stage made it. */
export interface MadeDocument {
  id: string;
  unit: string;
  source: string;
  when: When;
  tokens: number;
  text: string;
}
/** A text of a slot, and what its round made of it. */
export interface TracedText {
  document: string;
  key: string;
  row: number;
  part: number;
  /** The row's own id, where it has one. */
  rowId: string | null;
  slot: string;
  round: number;
  linked: boolean;
  request: string | null;
  setAside: string | null;
  pairs: (Pair & { id: string; dropped: boolean })[];
}
export interface Origin {
  partition: string;
  documents: MadeDocument[];
  /** In the order of their rounds: of a chain all of them. */
  texts: TracedText[];
  /** How a chain was worded; null for raw text. */
  template: { mode: string; seed: string; wordings: Readonly<Record<string, string>> } | null;
}

/** The partition that made one of these documents or chains, and all that is known there; undefined where it made none. */
export async function originIn(
  store: ObjectStore,
  pins: RunPins,
  { ref, input, plan, index }: { ref: ObjectRef; input: string; plan: ObjectRef; index: number },
  ids: ReadonlySet<string>,
): Promise<Origin | undefined> {
  const commit = await readCommit(store, ref);
  const documents = await documentsOf(store, commit, ids);
  const [first] = documents;
  if (first === undefined) return undefined;
  const partition = commit.unit;
  if (input !== 'corpus') {
    const { runs } = await readEntry(store, { plan, input, index });
    const texts = runs.flatMap(({ key, rowStart, rowEnd }) =>
      Array.from({ length: rowEnd - rowStart }, (_, i) => ({ key, row: rowStart + i })).filter(
        ({ key, row }) => documentId(key, row) === first.id,
      ),
    );
    return { partition, documents, texts: texts.map((text) => plain(text)), template: null };
  }
  const { unit, ...told } = await behind(store, pins, commit, documents);
  if (unit === undefined || documents.some((each) => each.unit === unit)) {
    return { partition, documents, ...told };
  }
  // A text of a chain was asked for: it stands in the chain's documents.
  const rendered = await documentsOf(store, commit, new Set([unit]));
  return { partition, documents: [...rendered, ...documents], ...told };
}

/** Documents of a partition that have one of these ids, or whose unit has. */
async function documentsOf(
  store: ObjectStore,
  commit: StageCommit,
  ids: ReadonlySet<string>,
): Promise<MadeDocument[]> {
  const documents: MadeDocument[] = [];
  const columns = ['id', 'unit', 'source', 'when', 'tokens', 'text'];
  for await (const rows of readBatches(store, outputOf(commit, DOCUMENTS), columns)) {
    for (const row of rows) {
      if (!ids.has(String(row.id)) && !ids.has(String(row.unit))) continue;
      documents.push({
        ...{ id: String(row.id), unit: String(row.unit), source: String(row.source) },
        ...{ when: row.when as When, tokens: Number(row.tokens), text: String(row.text) },
      });
    }
  }
  return documents;
}

const plain = ({ key, row }: { key: string; row: number }): TracedText => ({
  ...{ document: documentId(key, row), key, row, part: 0, rowId: null, slot: '', round: 0, linked: false },
  ...{ request: null, setAside: null, pairs: [] },
});

/** The texts behind documents: through the filter and the rounds back to the scan; of a text in a chain, all of that chain, and its unit. */
async function behind(
  store: ObjectStore,
  pins: RunPins,
  commit: StageCommit,
  documents: readonly MadeDocument[],
): Promise<Pick<Origin, 'texts' | 'template'> & { unit?: string }> {
  const filter = await readCommit(store, commit.inputs[0] as ObjectRef);
  const { scan, rounds } = await walkBack(store, filter.inputs[0] as ObjectRef);
  const dropped = await readDropped(store, filter);
  const entries: Entry[] = [];
  for await (const some of readEntries(store, rounds)) entries.push(...some);
  const bySlot = groupBy(entries, ({ slot }) => slot);
  const units = new Set(documents.map(({ unit }) => unit));
  const made = new Set(documents.map(({ id }) => id));
  const filtered = [...bySlot.values()].map((slot) => withoutDropped(slot, dropped));
  const chain = filtered
    .flatMap(chainsOf)
    .find(
      (entries) =>
        entries.some(({ id }) => units.has(chainId(id))) ||
        (entries.some(({ key, row }) => made.has(documentId(key, row))) && entries[0]?.pairs.length !== 0),
    );
  const own = chain ?? entries.filter(({ id, key, row }) => made.has(id) || made.has(documentId(key, row)));
  const wanted = new Set(own.map(placeOf));
  const texts = new Map<string, ScannedText>();
  for await (const rows of readBatches(
    store,
    outputOf(scan, TEXTS),
    TEXT_COLUMNS.map(({ name }) => name),
  )) {
    for (const text of rows.map(scannedText)) {
      if (wanted.has(placeOf(text)) || made.has(text.document)) texts.set(placeOf(text), text);
    }
  }
  const told = own.map((entry): TracedText => {
    const gone = dropped.get(entry.id);
    const all = entries.find(({ id }) => id === entry.id)?.pairs ?? [];
    return {
      ...{ document: entry.id, key: entry.key, row: entry.row, part: entry.part },
      ...{ rowId: texts.get(placeOf(entry))?.id ?? null, slot: entry.slot, round: entry.round },
      ...{ linked: entry.linked, request: entry.request, setAside: entry.setAside ?? null },
      pairs: all.map((pair, i) => ({ ...pair, id: pairId(entry.id, i), dropped: gone?.has(i) === true })),
    };
  });
  const raw = [...texts.values()].filter((text) => !wanted.has(placeOf(text)));
  const unasked = raw.map((text) => ({ ...plain(text), rowId: text.id }));
  const [head] = chain ?? [];
  if (chain === undefined || head === undefined || head.pairs.length === 0)
    return { texts: [...told, ...unasked], template: null };
  const unit = chainId(head.id);
  const { seed } = pins.spec;
  const examples = chain.map((entry) => ({
    context: sliceBytes(texts.get(placeOf(entry))?.text ?? '', entry.start, entry.end),
    pairs: entry.pairs,
  }));
  const { mode, wordings } = renderChain({ id: unit, examples }, { seed });
  return { unit, texts: told, template: { mode, seed, wordings } };
}

const placeOf = ({ key, row }: { key: string; row: number }): string => `${row} ${key}`;
