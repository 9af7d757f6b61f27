import { commitStage, outputOf, readCommit } from '../../lake/commit.ts';
import { hash64 } from '../../lake/random.ts';
import { openRunsWriter } from '../../lake/runs.ts';
import { openChecked, readBatches } from '../../lake/table.ts';
import type { CommitPointer, Done, ObjectRef, RunRef, TokenSpan } from '../../workflows/contract.ts';
import { resolvePointer } from '../lists.ts';
import { type Forms, takes, type When } from '../mix/form.ts';
import { copiesOf, mixOf } from '../mix/mix.ts';
import { unitKey } from '../mix/unit.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { DOCUMENTS, TOKENS } from '../tokenize/documents.ts';
import { bytesPerToken } from './dtype.ts';
import { dtypeFor } from './megatron.ts';
import { shardRecord } from './record.ts';

/** What the runs of a partition are called; those of one source of the mix, where each has shards of its own. */
export const shuffledName = (source: number | null): string =>
  source === null ? 'shuffled' : `shuffled-${source}`;

/** The place of a copy of a document in the global shuffle: order by this key is the order in the shards. */
export const shuffleKey = (seed: string, document: string, copy: number): bigint =>
  hash64(seed, 'shuffle', `${document}/${copy}`);

/**
 * A partition's part of the shuffle: every copy of every document that the mix takes, in runs sorted by its place in the whole; one run,
 * unless there is more than is held. Record: key = `shuffleKey`; payload = `shardRecord`.
 */
export async function exchangePartition(
  { store, checkCancelled }: Services,
  input: { run: RunRef; documents: CommitPointer; mix: ObjectRef },
): Promise<Done> {
  const { run, mix } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'exchange');
  const { seed } = pins.spec;
  const { formats } = pins.spec.shards;
  const documents = await resolvePointer(store, input.documents);
  const source = await readCommit(store, documents);
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'exchange',
      version: pins.stages.exchange,
      unit: source.unit,
      spec: { seed, text: formats.includes('parquet-text') },
      inputs: [documents, mix],
      etags: [],
    },
    async (folder) => {
      const { sources, perSource, share: converted, alsoRaw } = mixOf(await readCommit(store, mix));
      const forms: Forms = { share: converted, alsoRaw };
      const width = bytesPerToken(dtypeFor(pins.tokenizer.highestId));
      const tokens = outputOf(source, TOKENS);
      const body = await openChecked(store, tokens);
      const runs = openRunsWriter(folder);
      const withText = formats.includes('parquet-text');
      const columns = [
        'id',
        'unit',
        'source',
        'draw',
        'when',
        'tokens',
        'spans',
        ...(withText ? ['text'] : []),
      ];
      let start = 0;
      for await (const rows of readBatches(store, outputOf(source, DOCUMENTS), columns)) {
        checkCancelled();
        const size = rows.reduce((sum, row) => sum + Number(row.tokens) * width, 0);
        const ids = await body.get(tokens.key, { range: [start, start + size] });
        let at = 0;
        for (const row of rows) {
          const id = String(row.id);
          const unit = String(row.unit);
          const end = at + Number(row.tokens) * width;
          const index = sources.findIndex((each) => each.source === row.source);
          const share = sources[index];
          if (share !== undefined && takes(forms, row.when as When, Number(row.draw))) {
            const copies = copiesOf(share, unitKey(seed, share.source, unit), unit);
            for (let copy = 0; copy < copies; copy++) {
              const record = shardRecord({
                ...{ id, unit, copy, source: index },
                body: ids.subarray(at, end),
                spans: spansOf(row.spans),
                text: withText ? String(row.text) : '',
              });
              await runs.add(
                shuffledName(perSource === null ? null : index),
                shuffleKey(seed, id, copy),
                record,
              );
            }
          }
          at = end;
        }
        start += size;
      }
      const outputs = await runs.finish();
      return { outputs, counts: { exchangedDocuments: runs.count } };
    },
  );
  return { ref, counts: commit.counts };
}

/** Spans as their column holds them. */
const spansOf = (cell: unknown): TokenSpan[] => JSON.parse(String(cell)) as TokenSpan[];
