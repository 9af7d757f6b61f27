import pLimit from 'p-limit';
import { commitStage, outputOf } from '../../lake/commit.ts';
import { PinMismatch, Unreachable } from '../../lake/errors.ts';
import { groupBy } from '../../lake/group-by.ts';
import { canonicalJson } from '../../lake/hash.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import { readBatches, writeTable } from '../../lake/table.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readItems } from '../lists.ts';
import { checkStage, type JudgePin, type RunPins, readPins } from '../plan/pins.ts';
import { TEXTS } from '../scan/texts.ts';
import { readSettled } from '../settle/excluded.ts';
import { openAnswers } from '../synthesize/answers.ts';
import { readEntries } from '../synthesize/entry-table.ts';
import { sliceBytes, walkBack } from '../synthesize/slots.ts';
import type { Work } from '../work.ts';
import { openJudge } from './ask.ts';
import { FIGURES, figuresOf } from './figures.ts';
import { promptDigest } from './prompt.ts';
import { openSample, type Sampled } from './sample.ts';

/** Every pair that was judged, with what the judge said of it. */
export const JUDGED = 'judged.parquet';
export const JUDGED_COLUMNS = [
  { name: 'pair', type: 'string', nullable: false },
  { name: 'document', type: 'string', nullable: false },
  { name: 'kind', type: 'string', nullable: false },
  { name: 'question', type: 'string', nullable: false },
  { name: 'answer', type: 'string', nullable: false },
  { name: 'accuracy', type: 'int32' },
  { name: 'relevance', type: 'int32' },
  { name: 'task', type: 'string' },
  { name: 'failed', type: 'string' },
  { name: 'said', type: 'string', nullable: false },
] as const satisfies readonly ColumnSpec[];

/** The partition of a pair, by the last of its rounds. */
type Drawn = Sampled & { tag: ObjectRef };

/**
 * Has a sample of a run's pairs judged by an endpoint, each with the text it is about. Nothing that is published for
 * training rests on it. Answers of attempts that died are used again.
 */
export async function judgePairs(
  work: Work,
  input: { run: RunRef; pairs: ObjectRef[]; settled?: ObjectRef },
): Promise<Done> {
  const { store, endpoints, signal, checkCancelled } = work;
  const { run, pairs, settled } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'judge');
  const judge = judgeOf(pins);
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'judge',
      version: pins.stages.judge,
      unit: 'global',
      spec: { judge, seed: pins.spec.seed },
      inputs: settled === undefined ? pairs : [...pairs, settled],
      etags: [],
    },
    async (folder) => {
      const answers = await openAnswers(work, folder, 0);
      const client = endpoints.client(judge.endpoint);
      const { ask } = openJudge({
        client: answers.metered({
          complete: (call, until) => client.complete(call, until).finally(checkCancelled),
        }),
        answers,
        pin: judge,
        signal,
      });
      const drawn = await draw(work, pins, judge, input);
      const texts = await textsOf(work, drawn);
      const limit = pLimit(endpoints.settings(judge.endpoint).concurrency);
      // All that went out are waited for, so that their answers are kept; after a failure nothing more goes out.
      let failure: unknown;
      const asked = await Promise.allSettled(
        drawn.map(({ id, pair }) =>
          limit(async () => {
            if (failure !== undefined) throw failure;
            try {
              return await ask(pair, texts.get(id) ?? '');
            } catch (error) {
              failure ??= error;
              throw error;
            }
          }),
        ),
      );
      await answers.flush();
      signal.throwIfAborted();
      const all = asked.map((each) => {
        if (each.status === 'rejected') throw each.reason;
        return each.value;
      });
      const rows = drawn.map(({ id, document, pair: { kind, question, answer } }, i) => {
        const { judgement, failed, said } = all[i] as (typeof all)[number];
        return {
          pair: id,
          document,
          kind,
          question,
          answer,
          accuracy: null,
          relevance: null,
          task: null,
          ...judgement,
          failed,
          said,
        };
      });
      const figures = figuresOf({ endpoint: judge.endpoint, model: judge.model }, all);
      const { judged, unparsable, refused } = figures;
      return {
        outputs: [
          await folder.put(FIGURES, canonicalJson(figures), 'application/json'),
          await writeTable(folder, JUDGED, JUDGED_COLUMNS, rows),
        ],
        counts: {
          judgedPairs: judged,
          unjudgedPairs: unparsable + refused,
          judgeRequests: all.reduce((sum, { requests }) => sum + requests, 0),
        },
      };
    },
  );
  return { ref, counts: commit.counts };
}

/** The pinned judge. Throws PinMismatch where this worker would ask it in other words. */
function judgeOf({ judge, domain, run }: RunPins): JudgePin {
  if (judge === null) throw new Unreachable('a run whose spec asks for no judge is judged');
  if (judge.prompt === promptDigest()) return judge;
  throw new PinMismatch(
    `run ${domain}/${run} was started with another prompt of the judge (SHA-256 ${judge.prompt}); this worker has ${promptDigest()}`,
  );
}

/** A sample of all pairs of the run, but of sources that have failed. */
async function draw(
  { store, checkCancelled }: Work,
  { spec }: RunPins,
  judge: JudgePin,
  input: { pairs: ObjectRef[]; settled?: ObjectRef },
): Promise<Drawn[]> {
  const failed = new Set(
    (await readSettled(store, input.settled)).flatMap((each) => (each.input === 'corpus' ? [each.key] : [])),
  );
  const sample = openSample<ObjectRef>(judge.pairs, spec.seed);
  for (const item of await readItems(store, input.pairs)) {
    if ('failed' in item) continue;
    for await (const entries of readEntries(store, (await walkBack(store, item)).rounds)) {
      checkCancelled();
      for (const entry of entries) if (!failed.has(entry.key)) sample.show(entry, item);
    }
  }
  return sample.drawn();
}

/** The texts that drawn pairs are about, by the pair's id. */
async function textsOf(
  { store, checkCancelled }: Work,
  drawn: readonly Drawn[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [tag, some] of groupBy(drawn, (each) => each.tag)) {
    const wanted = groupBy(some, ({ key, row }) => `${row} ${key}`);
    const { scan } = await walkBack(store, tag);
    for await (const rows of readBatches(store, outputOf(scan, TEXTS), ['key', 'row', 'text'])) {
      checkCancelled();
      for (const { key, row, text } of rows) {
        for (const { id, start, end } of wanted.get(`${String(row)} ${String(key)}`) ?? []) {
          texts.set(id, sliceBytes(String(text), start, end));
        }
      }
    }
  }
  return texts;
}
