import { commitStage } from '../../lake/commit.ts';
import { Unreachable } from '../../lake/errors.ts';
import { documentId } from '../../lake/identity.ts';
import { readFooter } from '../../lake/parquet/footer.ts';
import type { PageMap } from '../../lake/parquet/page-map.ts';
import { readRows } from '../../lake/parquet/rows.ts';
import { writeTable } from '../../lake/table.ts';
import type {
  Done,
  EntryRef,
  FailedSource,
  ObjectRef,
  Reason,
  RunRef,
  Span,
} from '../../workflows/contract.ts';
import type { ContaminationCounts } from '../benchmarks/contamination.ts';
import { type Decontamination, openDecontamination, policiesOf } from '../benchmarks/decontaminate.ts';
import { failsAlone, plainFailure } from '../failure.ts';
import type { SourceRun } from '../plan/partitions.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readEntry, readMaps } from '../plan/read-plan.ts';
import { addReasons } from '../reasons.ts';
import type { Check } from '../scan/check.ts';
import { checkedText, textOrReason } from '../scan/row.ts';
import { REJECT_COLUMNS, REJECTS, type Reject } from '../scan/texts.ts';
import type { Services } from '../services.ts';
import { keysOf, readExcluded } from '../settle/excluded.ts';
import { dtypeFor } from '../shards/megatron.ts';
import { type TokenizedDocument, writeDocuments } from '../tokenize/documents.ts';
import { encodeDocuments, type Tokens } from '../tokenize/encode.ts';
import { pinnedTokenizer } from '../tokenize/pinned.ts';
import { renderInstruction } from './instructions.ts';

/**
 * General instructions of one partition → `{question} {response}` documents, tokenized; rows without either, and those with words
 * of an evaluation set, kept aside.
 * A source that fails, here or (by `settled`) in another partition, gives nothing; `lenient` as in scan.
 */
export async function templateInstructions(
  services: Services,
  {
    run,
    entry: ref,
    benchmarks,
    lenient,
    settled,
  }: { run: RunRef; entry: EntryRef; benchmarks?: ObjectRef; lenient?: boolean; settled?: ObjectRef },
): Promise<Done> {
  const { store, settings, checkCancelled } = services;
  const pins = await readPins(store, run);
  checkStage(pins, 'template');
  const entry = await readEntry(store, ref);
  const source = pins.spec.mix.sources[Number(ref.input.replace('instructions-', ''))];
  if (source?.from !== 'instructions')
    throw new Unreachable(`${ref.input} is no instruction source of the mix`);
  const columns = [source.question, source.answer];
  const excluded = await readExcluded(store, settled, ref.input, entry.runs);
  const { ref: done, commit } = await commitStage(
    store,
    run,
    {
      stage: 'template',
      version: pins.stages.template,
      unit: entry.id,
      spec: {
        input: ref.input,
        columns,
        seed: pins.spec.seed,
        tokenizer: pins.tokenizer,
        unicode: policiesOf(pins.spec) && pins.unicode,
        policies: policiesOf(pins.spec),
        lenient,
        again: entry.again,
        excluded: keysOf(excluded),
      },
      inputs: benchmarks === undefined ? [] : [benchmarks],
      etags: entry.runs.map(({ etag }) => etag),
    },
    async (folder) => {
      const read: ReadInstructions[] = [];
      const maps = await readMaps(store, ref);
      const contamination = (await openDecontamination(store, pins.spec, benchmarks))?.();
      for (const [i, object] of entry.runs.entries()) {
        const reason = excluded.get(object.source);
        read.push(
          reason === undefined
            ? await readInstructions(services, object, maps[i] ?? [], {
                ...{ source: ref.input, columns, contamination, lenient },
              })
            : failedRows(object, reason),
        );
      }
      const drafts = read.flatMap((each) => each.drafts);
      const rejects = read.flatMap((each) => each.rejects);
      const failures = read.flatMap(({ failure }) => (failure === null ? [] : [failure]));
      const tokenizer = await pinnedTokenizer(settings, pins);
      const encoded = await encodeDocuments(tokenizer, drafts, checkCancelled);
      const documents = drafts.map((draft, i) => ({ ...draft, ...(encoded[i] as Tokens) }));
      const {
        outputs,
        totals,
        counts: tokenized,
      } = await writeDocuments(folder, [documents], [ref.input], {
        seed: pins.spec.seed,
        dtype: dtypeFor(pins.tokenizer.highestId),
        share: 1,
      });
      outputs.push(await writeTable(folder, REJECTS, REJECT_COLUMNS, rejects));
      if (contamination !== undefined) outputs.push(await contamination.finish(folder));
      const rejectReasons: Record<string, number> = {};
      for (const { reason } of rejects) addReasons(rejectReasons, { [reason]: 1 });
      const rows = (some: readonly ReadInstructions[]): number =>
        some.reduce((sum, each) => sum + each.rows, 0);
      const counts = {
        instructionRows: rows(read),
        instructions: documents.length,
        instructionTokens: documents.reduce((sum, { ids }) => sum + ids.length, 0),
        rejectedInstructions: rejects.length,
        failedInstructionRows: rows(read.filter(({ failure }) => failure !== null)),
        ...{ tokenizedBytes: tokenized.tokenizedBytes, slowBytes: tokenized.slowBytes },
      };
      const found = contamination && { contamination: contamination.counts() };
      return { outputs, counts, data: { ...totals, failures, rejectReasons, ...found } };
    },
  );
  const known = new Set(keysOf(excluded));
  const failures = (commit.data as InstructionData).failures.filter(({ key }) => !known.has(key));
  return { ref: done, counts: commit.counts, failures };
}

/** What the commit of an instruction partition says besides its totals. */
export interface InstructionData {
  /** Sources that failed, here or (where they were left out) elsewhere. */
  failures: FailedSource[];
  rejectReasons: Record<string, number>;
  /** What of evaluation sets was found, where some are looked for. */
  contamination?: ContaminationCounts;
}
interface Draft extends Omit<TokenizedDocument, keyof Tokens> {
  spans: Span[];
}
interface ReadInstructions {
  rows: number;
  drafts: Draft[];
  rejects: Reject[];
  failure: FailedSource | null;
}

/** One source's share of a partition; nothing of it when it cannot be read whole. */
async function readInstructions(
  { store, checkCancelled }: Services,
  object: SourceRun,
  maps: readonly PageMap[],
  {
    source,
    columns,
    contamination,
    lenient,
  }: {
    source: string;
    columns: readonly string[];
    contamination: Decontamination | undefined;
    lenient: boolean | undefined;
  },
): Promise<ReadInstructions> {
  const { key, rowStart, rowEnd } = object;
  const drafts: ReadInstructions['drafts'] = [];
  const rejects: Reject[] = [];
  const checks: Check[] = contamination
    ? [(text, place) => contamination.instruction(source, text, place)]
    : [];
  try {
    const footer = await readFooter(store, object);
    for await (const batch of readRows(store, object, footer, { columns, rowStart, rowEnd, maps })) {
      checkCancelled();
      for (const [i, cells] of batch.rows.entries()) {
        const row = batch.firstRow + i;
        const [question, answer] = columns.map((column) => textOrReason(cells[column]));
        if (question === undefined || answer === undefined) continue;
        if ('reason' in question) rejects.push({ key, row, id: null, ...question });
        else if ('reason' in answer) rejects.push({ key, row, id: null, ...answer });
        else {
          const id = documentId(key, row);
          const rendered = renderInstruction({ question: question.text, answer: answer.text });
          const checked = checkedText(rendered.text, checks, { key, row });
          if ('reason' in checked) rejects.push({ key, row, id: null, ...checked });
          else drafts.push({ id, unit: id, source, draw: 0, when: 'always', ...rendered });
        }
      }
    }
    return { rows: rowEnd - rowStart, drafts, rejects, failure: null };
  } catch (error) {
    if (!failsAlone(error, lenient)) throw error;
    contamination?.forget(key);
    return failedRows(object, plainFailure(error));
  }
}

function failedRows({ key, rowStart, rowEnd }: SourceRun, { type, message }: Reason): ReadInstructions {
  return { rows: rowEnd - rowStart, drafts: [], rejects: [], failure: { key, type, message } };
}
