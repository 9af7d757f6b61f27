import { commitStage, outputOf, readCommit, readJson, type StageCommit } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { copyKey } from '../../lake/layout.ts';
import { append, withPublication } from '../../lake/log.ts';
import type { ObjectRef, Published, PublishInput } from '../../workflows/contract.ts';
import { DUPLICATES } from '../dedupe/duplicates.ts';
import { FIGURES, readFigures } from '../judge/figures.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { baseOfPlan } from '../segment/base.ts';
import { SEGMENT, TOMBSTONES, writeSegment } from '../segment/write-segment.ts';
import { keptTokenizer } from '../tokenize/kept.ts';
import type { Work } from '../work.ts';
import { manifestOf, publishedShard } from './manifest.ts';
import type { Publication } from './publication.ts';
import { readRecords } from './records.ts';
import { readManifest, verifyPublication } from './verify.ts';
import { writeContamination } from './write-contamination.ts';
import { writeLedger } from './write-ledger.ts';

/**
 * Makes a run visible: writes manifest, provenance and publication, verifies them against the objects, and appends the
 * one log entry that names them. Copies for people come last. Throws VerifyFailed and RunPublished; then nothing more is visible.
 */
export async function publishRun(work: Work, input: PublishInput): Promise<Published> {
  const { store } = work;
  const { run, generation = 1 } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'publish');
  const documents = Object.values(input.documents).flat();
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'publish',
      version: pins.stages.publish,
      unit: 'global',
      spec: null,
      inputs: [
        input.plan,
        ...(input.benchmarks === undefined ? [] : [input.benchmarks]),
        ...input.scans,
        ...input.verdicts,
        ...(input.settled === undefined ? [] : [input.settled]),
        ...(input.judged === undefined ? [] : [input.judged]),
        ...documents,
        ...(input.mix === undefined ? [] : [input.mix]),
        ...(input.shards === undefined ? [] : [input.shards]),
        ...(input.segments ?? []),
      ],
      etags: [],
    },
    async (folder) => {
      const index = await writeSegment(work, folder, pins, input);
      const records = await readRecords(store, pins, input);
      const core = manifestOf(pins, records, index?.replaced ?? 0);
      const manifest = await folder.put('manifest.core.json', canonicalJson(core), 'application/json');
      const provenance = await folder.put(
        'provenance.json',
        canonicalJson({
          publishedAt: new Date().toISOString(),
          node: process.version,
          bucket: store.bucket,
          input,
        }),
        'application/json',
      );
      const tokenizer = await keptTokenizer(store, pins.tokenizer.sha256);
      const judged = input.judged && (await readCommit(store, input.judged));
      const [verdicts] = records.verdicts;
      const publication: Publication = {
        format: 'instruct-lake/publication@1',
        ...run,
        generation,
        manifest,
        provenance,
        ...(tokenizer && { tokenizer }),
        ...(verdicts && { duplicates: outputOf(verdicts, DUPLICATES) }),
        ...(judged && { judge: outputOf(judged, FIGURES) }),
        ...(await writeContamination(store, folder, input, core)),
        ...(pins.from === undefined ? await writeLedger(work, folder, pins, records.corpus, core) : {}),
        ...(index && { segment: index.segment }),
        ...(index?.tombstones && { tombstones: index.tombstones }),
        shards: records.shards.map(publishedShard),
      };
      const checks = await verifyPublication(store, publication, work.checkCancelled);
      const wrong = checks.filter(({ ok }) => !ok);
      if (wrong.length > 0) {
        throw new VerifyFailed(
          `run ${run.domain}/${run.run} is not published, it does not verify:\n${wrong.map(({ what, detail }) => `  - ${what}: ${detail}`).join('\n')}`,
        );
      }
      const output = await folder.put('publication.json', canonicalJson(publication), 'application/json');
      const { rows, pairs, documents: made } = core.counts;
      const counts = {
        publishedDocuments: made.mixed,
        publishedTokens: made.mixedTokens,
        keptRows: rows.kept,
        publishedPairs: pairs.valid,
      };
      const joins = index === undefined ? [] : [index.segment, index.tombstones];
      return { outputs: [output, ...joins.filter((each) => each !== undefined)], counts };
    },
  );
  const [publication] = commit.outputs;
  if (publication === undefined) throw new RangeError('the commit of publish names no publication');
  const named = refOf(publication);
  const base = await baseOfPlan(store, input.plan);
  const segment = namedOf(commit, SEGMENT);
  const published = { run: run.run, generation, mode: pins.spec.mode, publication: named };
  const tombstones = namedOf(commit, TOMBSTONES);
  const change = base && { base, ...(tombstones && { tombstones: { run: run.run, ...tombstones } }) };
  const { entry } = await append(store, run.domain, (state) =>
    withPublication(state, { ...published, ...(segment && { segment: refOf(segment) }) }, change),
  );
  const { manifest, judge, shards } = await readJson<Publication>(store, publication);
  const core = await readManifest(store, manifest);
  const files = shards.map(({ name, bin, idx, files }) => ({
    name,
    bin: bin.key,
    idx: idx.key,
    more: (files ?? []).map((file) => file.key),
  }));
  const figures = judge && (await readFigures(store, judge));
  const copy = JSON.stringify(
    { ...core, ...(figures && { judge: figures }), files, publication: named },
    null,
    2,
  );
  await store.put(copyKey(run, 'manifest.json'), copy, { contentType: 'application/json' });
  return { ref, counts: commit.counts, publication: named, logEntry: entry.number };
}

const refOf = ({ key, sha256 }: ObjectRef): ObjectRef => ({ key, sha256 });

/** What the log has to say of an output, if a commit names it. */
function namedOf({ outputs }: StageCommit, name: string): (ObjectRef & { size: number }) | undefined {
  const output = outputs.find((each) => each.name === name);
  return output && { ...refOf(output), size: output.size };
}
