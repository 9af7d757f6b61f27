import { LakeError } from '../../lake/errors.ts';
import type { LogEntry } from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';

/** A run, and those that it begins on. */
interface Begun {
  domain: string;
  run: string;
  from?: { run: string; also?: readonly { run: string }[] };
}

/**
 * Looks; and where that meets an object that `gc` may have taken, says which. It can only be of a run behind the one that this run begins
 * on, when that one is published no more: `gc` keeps what is published, and what it begins on.
 */
export async function unlessCollected(
  store: ObjectStore,
  { domain, run, from }: Begun,
  { published }: Pick<LogEntry, 'published'>,
  look: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await look();
    return undefined;
  } catch (error) {
    const key = error instanceof LakeError ? error.context.key : undefined;
    const [, of, owner] = /^runs\/([^/]+)\/([^/]+)\//.exec(key ?? '') ?? [];
    const begun = from === undefined ? [] : [from, ...(from.also ?? [])].map((each) => each.run);
    // Of the one that is published no more.
    const before = begun.find((each) => published.every(({ run }) => run !== each));
    const behind = owner !== undefined && owner !== run && !begun.includes(owner);
    if (key === undefined || before === undefined || of !== domain || !behind) throw error;
    if ((await store.head(key)) !== undefined) throw error;
    return `not looked at: it needs what run ${domain}/${owner} has left, and ${key} is in the lake no more; run ${domain}/${before}, which this one begins on, is published no more, so that gc may have taken it`;
  }
}
