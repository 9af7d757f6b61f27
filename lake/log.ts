/** The log of a domain: one chain of entries, appended to by compare-and-swap; nothing is visible but by its newest entry. */
export { append, checkLog, type LogHead, readHead, readLog } from './log/append.ts';
export { type IndexChange, withClose, withOpen, withoutRun, withPublication } from './log/changes.ts';
export { UNMERGED, withCompaction } from './log/compaction.ts';
export {
  type Holder,
  type LiveIndex,
  type LogEntry,
  type LogState,
  liveIndex,
  type PublishedRun,
  publishedRun,
  type TombstoneSet,
  withoutPublication,
} from './log/entry.ts';
export { refuseHeld } from './log/held.ts';
