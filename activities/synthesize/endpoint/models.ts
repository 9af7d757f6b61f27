import { EndpointUnavailable, ModelNotFound } from '../../../lake/errors.ts';
import type { EndpointSettings } from '../../settings.ts';
import type { Failure } from './refusal.ts';
import type { Replica } from './replica.ts';

/**
 * The model to ask for: the configured one, else the only one that is served. Replicas that cannot be asked are left out
 * as long as one can. Throws ModelNotFound where one does not have it, and what the replicas failed with.
 */
export async function servedModel(
  endpoint: string,
  settings: EndpointSettings,
  replicas: readonly Replica[],
  signal?: AbortSignal,
): Promise<string> {
  const asked = await Promise.all(
    replicas.map(async (replica) => ({
      replica,
      answer: await replica.read('/v1/models', settings.timeoutMs, signal),
    })),
  );
  let model: string | undefined;
  let failure: Failure | undefined;
  for (const { replica, answer } of asked) {
    if ('kind' in answer) {
      // What another try would not change is said even when the others are well.
      if (answer.kind === 'final') throw answer.error;
      failure ??= answer;
      continue;
    }
    const where = { endpoint, replica: replica.name };
    const served = modelsOf(answer.body);
    const wanted = settings.model ?? model ?? (served.length === 1 ? served[0] : undefined);
    if (wanted === undefined) {
      throw new ModelNotFound(
        `the endpoint serves ${served.length} models (${served.join(', ')}); name one as "model" in the worker's configuration`,
        where,
      );
    }
    if (!served.includes(wanted)) {
      throw new ModelNotFound(`the endpoint does not serve ${wanted} (it has: ${served.join(', ')})`, where);
    }
    model = wanted;
  }
  if (model !== undefined) return model;
  throw failure?.error ?? new EndpointUnavailable('the endpoint has no replica', { endpoint });
}

function modelsOf(body: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [];
  }
  const { data } = (value ?? {}) as { data?: { id?: unknown }[] };
  return Array.isArray(data) ? data.map((each) => String(each?.id)) : [];
}
