import { executeChild } from '@temporalio/workflow';
import type { IngestResult, ObjectRef, Trained } from './contract.ts';
import { inDomain } from './hold-domain.ts';
import { type IngestState, ReplayAsked } from './ingest-state.ts';
import { activities } from './limits.ts';
import { publishDomain } from './publish-domain.ts';
import { trainModel } from './train-model.ts';

/** What a run does once it is open: everything up to its publication, and the training. */
export async function produce(state: IngestState): Promise<IngestResult> {
  const { opened, counts, progress, enter } = state;
  const publication =
    opened.published ??
    (opened.mode === 'incremental'
      ? await inDomain(state, (base) => withReplays(state, base))
      : await withReplays(state));
  const training = publication === null || counts.publishedDocuments === 0 ? null : await train(state);
  enter('done', 1);
  progress.done = 1;
  const { domain, run, generation } = opened;
  return { domain, run, ...(generation && { generation }), publication, counts, training };
}

/** Begins anew, with what failed read again, as often as somebody asks for it. */
async function withReplays(state: IngestState, base?: ObjectRef): Promise<ObjectRef | null> {
  for (;;) {
    try {
      return await publishDomain(state, base);
    } catch (error) {
      if (!(error instanceof ReplayAsked)) throw error;
      state.beginReplay(error.before);
    }
  }
}

/** Trains on what the run has published, where its spec asks for that. */
async function train({ opened, lanes, parking, enter }: IngestState): Promise<Trained | null> {
  const { domain, run, launcher } = opened;
  if (launcher === null) return null;
  enter('train', 1);
  return parking.mended(async () => {
    const { name } = await activities.resolveTraining({ run: { domain, run }, launcher });
    const id = `train/${name}`;
    lanes.add(id);
    try {
      return await executeChild(trainModel, { workflowId: id, args: [{ domain, run, launcher }] });
    } finally {
      lanes.delete(id);
    }
  });
}
