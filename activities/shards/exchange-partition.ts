import { commitStage, outputOf, readCommit } from '../../lake/commit.ts';
import { openRunWriter } from '../../lake/exchange.ts';
import { hash64 } from '../../lake/random.ts';
import { openChecked, readBatches } from '../../lake/table.ts';
import type { CommitPointer, Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { resolvePointer } from '../lists.ts';
import { type Forms, takes, type When } from '../mix/form.ts';
import { copiesOf, mixOf } from '../mix/mix.ts';
import { unitKey } from '../mix/unit.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { DOCUMENTS, TOKENS } from '../tokenize/documents.ts';
import { bytesPerToken } from './dtype.ts';
import { dtypeFor } from './megatron.ts';

export const SHUFFLED = 'shuffled.run';

/** The place of a copy of a document in the global shuffle: order by this key is the order in the shards. */
export const shuffleKey = (seed: string, document: string, copy: number): bigint =>
  hash64(seed, 'shuffle', `${document}/${copy}`);

/**
 * A partition's part of the shuffle: every copy of every document that the mix takes, sorted by its place in the whole.
 * Record: key = `shuffleKey`; payload = the document's id (16 bytes), then its tokens as they stand in a body.
 */
export async function exchangePartition(
  { store, checkCancelled }: Services,
  input: { run: RunRef; documents: CommitPointer; mix: ObjectRef },
): Promise<Done> {
  const { run, mix } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'exchange');
  const documents = await resolvePointer(store, input.documents);
  const source = await readCommit(store, documents);
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'exchange',
      version: pins.stages.exchange,
      unit: source.unit,
      spec: { seed: pins.spec.seed },
      inputs: [documents, mix],
      etags: [],
    },
    async (folder) => {
      const { sources, share: converted, alsoRaw } = mixOf(await readCommit(store, mix));
      const forms: Forms = { share: converted, alsoRaw };
      const width = bytesPerToken(dtypeFor(pins.tokenizer.highestId));
      const tokens = outputOf(source, TOKENS);
      const body = await openChecked(store, tokens);
      const shuffled = openRunWriter();
      let start = 0;
      const columns = ['id', 'unit', 'source', 'draw', 'when', 'tokens'];
      for await (const rows of readBatches(store, outputOf(source, DOCUMENTS), columns)) {
        checkCancelled();
        const size = rows.reduce((sum, row) => sum + Number(row.tokens) * width, 0);
        const ids = await body.get(tokens.key, { range: [start, start + size] });
        let at = 0;
        for (const row of rows) {
          const id = String(row.id);
          const unit = String(row.unit);
          const end = at + Number(row.tokens) * width;
          const share = sources.find((each) => each.source === row.source);
          if (share !== undefined && takes(forms, row.when as When, Number(row.draw))) {
            const copies = copiesOf(share, unitKey(pins.spec.seed, share.source, unit), unit);
            if (copies > 0) {
              const payload = Buffer.concat([Buffer.from(id, 'hex'), ids.subarray(at, end)]);
              for (let copy = 0; copy < copies; copy++) {
                shuffled.add(shuffleKey(pins.spec.seed, id, copy), payload);
              }
            }
          }
          at = end;
        }
        start += size;
      }
      const counts = { exchangedDocuments: shuffled.count };
      return { outputs: [await folder.write(SHUFFLED, shuffled.finish())], counts };
    },
  );
  return { ref, counts: commit.counts };
}
