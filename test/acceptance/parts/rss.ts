import { readFileSync } from 'node:fs';

/** What a process holds at one moment of a run. */
export interface Sample {
  seconds: number;
  phase: string;
  /** Resident memory in bytes. */
  rss: number;
}

/** Samples a process's memory four times a second until it is stopped; the peak is the kernel's own high-water mark. */
export function watchRss(
  pid: number,
  phase: () => string,
): { peak(): number; stop(): { samples: Sample[]; peak: number } } {
  const started = performance.now();
  const samples: Sample[] = [];
  let peak = 0;
  function look(): void {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number =>
      1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]);
    peak = field('VmHWM');
    samples.push({
      seconds: Math.round((performance.now() - started) / 10) / 100,
      phase: phase(),
      rss: field('VmRSS'),
    });
  }
  look();
  const timer = setInterval(look, 250);
  return {
    peak: () => peak,
    stop() {
      clearInterval(timer);
      look();
      return { samples, peak };
    },
  };
}
