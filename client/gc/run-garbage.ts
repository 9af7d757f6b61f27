import { atOnce } from '../../lake/at-once.ts';
import { commitKey, type StageCommit, type VoidCommit } from '../../lake/commit.ts';
import { stageUnits } from '../../lake/layout.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, RunRef } from '../../workflows/contract.ts';
import { folderOf, keysIn, type Reachable, reachableFrom } from './reachable.ts';

/** Commits that are read at once. */
const READS = 32;

/** Why an object may go. */
export type Why =
  /** Left by an attempt that another one forestalled. */
  | 'attempts'
  /** Of work that was never committed. */
  | 'unfinished'
  /** Committed, and no publication that is kept rests on it. */
  | 'superseded'
  /** Answers of the endpoint, where they may go too. */
  | 'answers';

export interface Garbage {
  key: string;
  size: number;
  why: Why;
}
/** What may go of a run. */
export interface RunGarbage {
  objects: Garbage[];
  /** Keys of commits that have to be void before that. */
  voids: { key: string; fp: string }[];
}
export interface GarbageRules {
  /** Publications of the run that are kept, with all that they rest on; none where the run has published nothing. */
  kept: readonly ObjectRef[];
  /** What was written after this time (milliseconds since 1970) stays, whatever it is. */
  before: number;
  /** Whether recorded answers may go too: a replay, or a run that is taken up again, then asks anew. */
  answers: boolean;
}

/** Looks what of a run nothing needs any more. The run must be closed: nobody works on it. */
export async function findGarbage(
  store: ObjectStore,
  run: RunRef,
  { kept, before, answers }: GarbageRules,
): Promise<RunGarbage> {
  const folders = new Map<string, ListedObject[]>();
  for await (const object of store.list(stageUnits(run))) {
    const folder = folderOf(object.key);
    if (folder === undefined) continue;
    const objects = folders.get(folder);
    if (objects === undefined) folders.set(folder, [object]);
    else objects.push(object);
  }
  const reachable = kept.length === 0 ? undefined : await reachableFrom(store, kept);
  const found = await atOnce([...folders], READS, ([folder, objects]) =>
    garbageIn(store, folder, objects, { reachable, before, answers }),
  );
  return { objects: found.flatMap(({ objects }) => objects), voids: found.flatMap(({ voids }) => voids) };
}

async function garbageIn(
  store: ObjectStore,
  folder: string,
  objects: readonly ListedObject[],
  rules: { reachable: Reachable | undefined; before: number; answers: boolean },
): Promise<RunGarbage> {
  const { reachable, before, answers } = rules;
  const key = commitKey(folder);
  const [committed] = objects.filter((object) => object.key === key);
  /** Objects that may go, answers with them only where they may. */
  const going = (some: readonly ListedObject[], why: Why): Garbage[] =>
    some.flatMap(({ key, size }) => {
      if (!isAnswers(key)) return [{ key, size, why }];
      return answers ? [{ key, size, why: 'answers' as const }] : [];
    });
  // Something young may be somebody's work, and then all of it is.
  if (objects.some(({ modified }) => modified > before)) return { objects: [], voids: [] };
  if (committed === undefined) {
    const left = going(objects, 'unfinished');
    return left.length === 0 ? NONE : { objects: left, voids: [{ key, fp: folder.slice(-64) }] };
  }
  const commit = JSON.parse(new TextDecoder().decode((await store.find(key)) ?? new Uint8Array())) as
    | StageCommit
    | VoidCommit;
  const others = objects.filter((object) => object.key !== key);
  if ('void' in commit) return { objects: going(others, 'unfinished'), voids: [] };
  if (reachable !== undefined && !reachable.folders.has(folder)) {
    // The commit first: without it nobody opens what it named.
    return { objects: going([committed, ...others], 'superseded'), voids: [] };
  }
  const named = new Set([...keysIn(commit.outputs), ...(reachable?.named ?? [])]);
  // What a publication names has no commit of its own to say so.
  if (commit.stage === 'publish' && reachable === undefined) return NONE;
  return {
    objects: going(
      others.filter((object) => !named.has(object.key)),
      'attempts',
    ),
    voids: [],
  };
}

const NONE: RunGarbage = { objects: [], voids: [] };
const isAnswers = (key: string): boolean => /\/answers-\d{5,}\.jsonl$/.test(key);
