import { commitStage, type Output, outputOf } from '../../lake/commit.ts';
import { chainId, documentId, renderedId } from '../../lake/identity.ts';
import type { CommitPointer, Done, EntryRef, ObjectRef, RunRef, Span } from '../../workflows/contract.ts';
import type { ContaminationCounts } from '../benchmarks/contamination.ts';
import { readKept } from '../dedupe/verdicts.ts';
import { withoutDropped } from '../filter/chains.ts';
import { filterPairs, SUMMARY } from '../filter/filter-pairs.ts';
import { readDropped } from '../filter/pair-table.ts';
import { resolvePointer } from '../lists.ts';
import type { When } from '../mix/form.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readEntry } from '../plan/read-plan.ts';
import { addReasons } from '../reasons.ts';
import type { ScannedText } from '../scan/texts.ts';
import type { Services } from '../services.ts';
import { keysOf, readExcluded } from '../settle/excluded.ts';
import { dtypeFor } from '../shards/megatron.ts';
import { dropReasons } from '../synthesize/drops.ts';
import { addEntryCounts, chainsOf, countsOf, type Entry, type EntryCounts } from '../synthesize/entry.ts';
import type { Slot } from '../synthesize/schedule.ts';
import { readSlots, sliceBytes } from '../synthesize/slots.ts';
import { type TokenizedDocument, writeDocuments } from '../tokenize/documents.ts';
import { encodeDocuments, type Tokens } from '../tokenize/encode.ts';
import { pinnedTokenizer } from '../tokenize/pinned.ts';
import type { TextTokenizer } from '../tokenize/tokenizer.ts';
import { type ChainDocument, cut, joinExamples } from './documents.ts';
import { checkPools } from './pinned.ts';
import { type RenderedChain, renderChain } from './render.ts';

/** A document before it is tokenized; a chain that may have to be cut comes with its pieces. */
interface Draft extends Omit<TokenizedDocument, keyof Tokens> {
  spans: Span[];
  chain?: RenderedChain;
}

/**
 * Filters the pairs, a commit of its own; then chains of what is left → documents with spans, cut to the sequence length;
 * texts without pairs as they are; all of it tokenized once. Sources that have failed since the verdicts (`settled`) give
 * nothing.
 */
export async function templatePartition(
  services: Services,
  input: {
    run: RunRef;
    entry: EntryRef;
    previous: CommitPointer;
    verdicts: ObjectRef[];
    benchmarks?: ObjectRef;
    settled?: ObjectRef;
  },
): Promise<Done> {
  const { store, settings, checkCancelled } = services;
  const { run, benchmarks } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'template');
  checkPools(pins);
  const entry = await readEntry(store, input.entry);
  const excluded = await readExcluded(store, input.settled, input.entry.input, entry.runs);
  // Where every source is left out, the partition may have failed before: then there is nothing to go on from.
  const previous = entry.runs.every(({ source }) => excluded.has(source))
    ? undefined
    : await resolvePointer(store, input.previous);
  const kept = await readKept(store, input.verdicts, entry.runs);
  const filtered =
    previous && (await filterPairs(services, { run, pins, entry, previous, kept, benchmarks, excluded }));
  const { seed, sequenceLength } = pins.spec;
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'template',
      version: pins.stages.template,
      unit: entry.id,
      spec: {
        seed,
        sequenceLength,
        tokenizer: pins.tokenizer,
        pools: pins.pools,
        excluded: keysOf(excluded),
        kept: kept.digest,
      },
      inputs: filtered === undefined ? [] : [filtered.ref],
      etags: [],
    },
    async (folder) => {
      const tokenizer = await pinnedTokenizer(settings, pins);
      const counts = { rawTexts: 0, chains: 0, renderedPairs: 0, overlong: 0 };
      const texts = countsOf([]);
      const drops: Record<string, number> = {};
      async function* documents(): AsyncGenerator<TokenizedDocument[]> {
        for await (const drafts of inBatches(draftsOfBlocks())) {
          const made = await tokenize(drafts, tokenizer, sequenceLength, checkCancelled);
          for (const { ids } of made) if (ids.length > sequenceLength) counts.overlong++;
          yield made;
        }
      }
      async function* draftsOfBlocks(): AsyncGenerator<Draft[]> {
        if (previous === undefined || filtered === undefined) return;
        const dropped = await readDropped(store, filtered.commit);
        for await (const block of readSlots(store, pins, kept, previous)) {
          // A slot lies in a block, and so in one source.
          const slots = block.slots.filter(
            ({ texts }) => !texts.some(({ text }) => excluded.has(text.source)),
          );
          const drafts = slots.flatMap((slot) => {
            checkCancelled();
            const entries = block.entries.get(slot.id) ?? [];
            addEntryCounts(texts, countsOf(entries));
            addReasons(drops, dropReasons(entries));
            const left = withoutDropped(entries, dropped);
            for (const { pairs } of left) counts.renderedPairs += pairs.length;
            return draftsOf(slot, left, seed);
          });
          for (const each of slots) if (!each.converted) counts.rawTexts += each.texts.length;
          for (const { chain } of drafts) if (chain !== undefined) counts.chains++;
          yield drafts;
        }
      }
      const {
        outputs,
        totals,
        counts: tokenized,
      } = await writeDocuments(folder, documents(), ['augmented', 'raw'], {
        seed,
        dtype: dtypeFor(pins.tokenizer.highestId),
        share: pins.spec.synthesize.share,
      });
      const pairs = filtered && outputOf(filtered.commit, SUMMARY);
      const contamination = filtered?.commit.data as ContaminationCounts | null | undefined;
      const data = {
        ...{ ...totals, texts, drops },
        ...(pairs && { pairs }),
        ...(contamination && { contamination }),
      };
      return { outputs, counts: { ...counts, ...tokenized }, data };
    },
  );
  return { ref, counts: { ...filtered?.commit.counts, ...commit.counts } };
}

/** What the commit of a partition of the corpus says besides its totals: the counts of the rounds behind its documents. */
export interface CorpusData {
  texts: EntryCounts;
  /** Dropped segments of answers by reason. */
  drops: Record<string, number>;
  /** The summary of its pairs; none where every source is left out. */
  pairs?: Output;
  /** What of evaluation sets was found in them, where some are looked for. */
  contamination?: ContaminationCounts;
}

/** What is tokenized and written at once, about, small blocks together: characters, and drafts, which take a kilobyte or more however short they are. */
const BATCH_CHARACTERS = 4 * 2 ** 20;
const BATCH_DRAFTS = 2 ** 13;

/** The same drafts in batches of some size; a larger block is cut between drafts. */
async function* inBatches(blocks: AsyncIterable<Draft[]>): AsyncGenerator<Draft[]> {
  let batch: Draft[] = [];
  let characters = 0;
  for await (const drafts of blocks) {
    for (const draft of drafts) {
      batch.push(draft);
      characters += draft.text.length;
      if (characters < BATCH_CHARACTERS && batch.length < BATCH_DRAFTS) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
  }
  yield batch;
}

/**
 * The documents of a slot: one draft per text where it was not converted. Where it was, one per chain and per text (or part) without
 * pairs; and the texts as they are, for mixes that leave the slot raw.
 */
function draftsOf(slot: Slot<ScannedText>, entries: readonly Entry[], seed: string): Draft[] {
  const { draw } = slot;
  const whole = ({ key, row, text }: ScannedText, when: When): Draft =>
    raw(documentId(key, row), text, { draw, when });
  if (!slot.converted) return slot.texts.map(({ text }) => whole(text, 'always'));
  const placeOf = ({ key, row }: { key: string; row: number }): string => `${row} ${key}`;
  const texts = new Map(slot.texts.map(({ text }) => [placeOf(text), text.text]));
  const context = (entry: Entry): string =>
    sliceBytes(texts.get(placeOf(entry)) ?? '', entry.start, entry.end);
  const withPairs = new Set(entries.filter(({ pairs }) => pairs.length > 0).map(placeOf));
  /** Texts that are the same document in both forms. */
  const same = new Set<string>();
  const converted = chainsOf(entries).map((chain): Draft => {
    const [first] = chain as [Entry, ...Entry[]];
    if (first.pairs.length === 0) {
      const text = context(first);
      const isWhole = text.length === texts.get(placeOf(first))?.length;
      if (isWhole) same.add(placeOf(first));
      return raw(first.id, text, { draw, when: isWhole ? 'always' : 'converted' });
    }
    const id = chainId(first.id);
    const examples = chain.map((entry) => ({ context: context(entry), pairs: entry.pairs }));
    const rendered = renderChain({ id, examples }, { seed });
    const { text, spans } = joinExamples(rendered);
    const form = { source: 'augmented', draw, when: 'converted' as const };
    return { id: renderedId(id, 0, 0), unit: id, ...form, text, spans, chain: rendered };
  });
  const spare = slot.texts.filter(({ text }) => !same.has(placeOf(text)));
  return [
    ...converted,
    ...spare.map(({ text }) => whole(text, withPairs.has(placeOf(text)) ? 'raw' : 'rawOnly')),
  ];
}

/** A text as a document of its own: bare, its bytes untouched. */
function raw(id: string, text: string, form: { draw: number; when: When }): Draft {
  const spans = [{ kind: 'context' as const, start: 0, end: Buffer.byteLength(text) }];
  return { id, unit: id, source: 'raw', ...form, text, spans };
}

/** Tokenizes drafts; a chain longer than the sequence is cut between examples into consecutive documents. */
async function tokenize(
  drafts: readonly Draft[],
  tokenizer: TextTokenizer,
  sequenceLength: number,
  onBatch: () => void,
): Promise<TokenizedDocument[]> {
  const documents: TokenizedDocument[] = [];
  const encoded = await encodeDocuments(tokenizer, drafts, onBatch);
  for (const [i, { chain, ...draft }] of drafts.entries()) {
    const tokens = encoded[i] as Tokens;
    if (chain === undefined || chain.pieces.length < 2 || tokens.ids.length <= sequenceLength) {
      documents.push({ ...draft, ...tokens });
      continue;
    }
    const known = new Map<ChainDocument, Tokens>();
    const encode = async (document: ChainDocument): Promise<Tokens> => {
      const [tokens] = await encodeDocuments(tokenizer, [document], onBatch);
      known.set(document, tokens as Tokens);
      return tokens as Tokens;
    };
    // The whole chain is known not to fit; what `cut` returns is what was encoded here, so no document is encoded twice.
    const whole = chain.pieces.length;
    const pieces = await cut(
      chain,
      async (document) =>
        document.to - document.from < whole && (await encode(document)).ids.length <= sequenceLength,
    );
    for (const [piece, document] of pieces.entries()) {
      const id = renderedId(draft.unit, 0, piece);
      documents.push({
        ...draft,
        id,
        text: document.text,
        ...(known.get(document) ?? (await encode(document))),
      });
    }
  }
  return documents;
}
