import { Unreachable } from '../../lake/errors.ts';
import type { Json } from '../../lake/hash.ts';

/**
 * What starts training jobs and watches them. All three verbs are idempotent by name, so that a retried activity
 * or a worker that takes over from a dead one finds the job that is there and never starts a second.
 */
export interface Launcher {
  /**
   * Starts the job unless one of that name was ever started; returns once it can be polled. A finished or failed
   * job stays as it is: running again is the caller's decision, by another name. Throws LauncherUnavailable.
   */
  ensure(job: TrainingJob): Promise<void>;
  /** What is known of the job now. */
  poll(name: string): Promise<TrainingState>;
  /** Ends the job with all its processes and returns when they are gone; nothing for one that is absent or over. */
  cancel(name: string): Promise<void>;
}

export interface TrainingJob {
  /** `[a-z0-9-]{1,63}`: a hash of everything that makes this job another than the next, made by the caller. */
  name: string;
  /** What the trainer is told: handed to it as a JSON file. Holds no secret. */
  input: Record<string, Json>;
}

export type TrainingState =
  | { state: 'absent' }
  | {
      state: 'running';
      /** ISO time of the start. */
      since: string;
      lastLines: string[];
      /** Numbers of the trainer's latest report. */
      metrics?: Record<string, number>;
    }
  | {
      state: 'succeeded';
      seconds: number;
      metrics?: Record<string, number>;
      /** Where the trainer left its results: a folder's path for the command launcher. */
      output: string;
    }
  | {
      state: 'failed';
      /** Null when a signal ended it, or when nobody was left to see its end. */
      exitCode: number | null;
      signal?: string;
      cancelled?: true;
      /** Half a sentence for people, such as `exited with code 3`. */
      reason: string;
      lastLines: string[];
    };

/** Whether a text is a job's name: names become folder names and parts of Kubernetes names. */
export function isJobName(name: string): boolean {
  return /^[a-z0-9-]{1,63}$/.test(name);
}

/** Throws Unreachable for a name that no caller may make. */
export function checkJobName(name: string): void {
  if (!isJobName(name)) throw new Unreachable(`${JSON.stringify(name)} is not the name of a training job.`);
}
