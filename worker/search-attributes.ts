import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../workflows/contract.ts';

/** Whether a namespace has all of them. Setting an unknown one would leave a workflow hanging, so runs go without. */
export async function knowsSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<boolean> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(SEARCH_ATTRIBUTES).every((name) => customAttributes?.[name] !== undefined);
  } catch {
    // A server that does not let us look (Temporal Cloud's operator service is closed) is treated as one without.
    return false;
  }
}
