import { createHash } from 'node:crypto';
import type { Served } from './slots.ts';

/** Seconds of a step of the timeline. */
export const STEP = 0.1;

/** What the endpoint saw. Times are seconds since it was started. */
export interface EndpointStatistics {
  requests: number;
  answered: number;
  /** By what became of the others. */
  failed: number;
  refused: number;
  abandoned: number;
  /** Requests whose prompt had been asked before. */
  repeated: number;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  first: number;
  lastArrival: number;
  /** When the last answer was complete. */
  last: number;
  queueMost: number;
  downSeconds: number;
  /** Slot-seconds that came to answers, and those that did not. */
  usefulSlotSeconds: number;
  wastedSlotSeconds: number;
  /** Busy slot-seconds of each step, from the start on. */
  busy: number[];
  /** Stands for the set of prompts that were answered. */
  digest: string;
}

export interface Recorder {
  readonly counts: Omit<EndpointStatistics, 'digest'>;
  /** A request has come; how often its prompt has been asked before. */
  arrived(hash: string, at: number): number;
  served(served: Served): void;
  answered(hash: string, at: number): void;
  read(): EndpointStatistics;
}

export function openRecorder(): Recorder {
  const asked = new Map<string, number>();
  const given = new Set<string>();
  const counts: Recorder['counts'] = {
    requests: 0,
    answered: 0,
    failed: 0,
    refused: 0,
    abandoned: 0,
    repeated: 0,
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
    first: 0,
    lastArrival: 0,
    last: 0,
    queueMost: 0,
    downSeconds: 0,
    usefulSlotSeconds: 0,
    wastedSlotSeconds: 0,
    busy: [],
  };
  return {
    counts,
    arrived(hash, at) {
      const before = asked.get(hash) ?? 0;
      asked.set(hash, before + 1);
      if (counts.requests === 0) counts.first = at;
      counts.lastArrival = at;
      counts.requests++;
      if (before > 0) counts.repeated++;
      return before;
    },
    served({ from, to }) {
      for (let step = Math.floor(from / STEP); step * STEP < to; step++) {
        const inStep = Math.min(to, (step + 1) * STEP) - Math.max(from, step * STEP);
        while (counts.busy.length <= step) counts.busy.push(0);
        counts.busy[step] = (counts.busy[step] ?? 0) + inStep;
      }
    },
    answered(hash, at) {
      counts.answered++;
      counts.last = Math.max(counts.last, at);
      given.add(hash);
    },
    read() {
      const digest = createHash('sha256');
      for (const hash of [...given].sort()) digest.update(hash);
      return { ...counts, digest: digest.digest('hex') };
    },
  };
}
