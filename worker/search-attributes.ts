import type { NativeConnection } from '@temporalio/worker';

/** The search attributes that `ingestDomain` sets where the server knows them. */
export const SEARCH_ATTRIBUTES = ['Domain', 'Run', 'Phase', 'FailedPartitions'] as const;

/** Whether a namespace has all of them. Setting an unknown one would leave a workflow hanging, so runs go without. */
export async function knowsSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<boolean> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.every((name) => customAttributes?.[name] !== undefined);
  } catch {
    // A server that does not let us look (Temporal Cloud's operator service is closed) is treated as one without.
    return false;
  }
}
