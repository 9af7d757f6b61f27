import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runProcess, runReporting } from '../../bench/process.ts';

const node = (code: string): [string, string[]] => [process.execPath, ['-e', code]];
/** Keeps a process alive and busy. */
const SPIN = (ms: number): string => `const end = Date.now() + ${ms}; while (Date.now() < end);`;
const MB = 1e6;

describe('runProcess', () => {
  it('gives output and wall time', async () => {
    const { stdout, wallSeconds } = await runProcess(...node(`${SPIN(100)} console.log('done')`));
    expect(stdout).toBe('done\n');
    expect(wallSeconds).toBeGreaterThan(0.1);
  });

  it('fails with the end of what the program printed', async () => {
    const broken = runProcess(...node('console.error("it broke"); process.exit(3)'));
    await expect(broken).rejects.toThrow(/failed \(3\)[\s\S]*it broke/);
    await expect(runProcess('/nowhere/program', [])).rejects.toThrow(/ENOENT/);
  });

  it('ends a program that runs too long', async () => {
    const forever = runProcess(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { limitMs: 300 });
    await expect(forever).rejects.toThrow(/SIGKILL, still running after 0.3 s/);
  });

  it('ends a program when told to, and waits for its end', async () => {
    const abort = new AbortController();
    const started = performance.now();
    // Takes TERM, and takes a moment to close.
    const code = `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 200)); setInterval(() => {}, 1000);
      process.kill(process.ppid, 'SIGUSR2');`;
    let ready = 0;
    process.once('SIGUSR2', () => {
      ready = performance.now() - started;
      abort.abort(new Error('enough'));
    });
    const running = runProcess(...node(code), { signal: abort.signal });
    await expect(running).rejects.toThrow('enough');
    expect(ready).toBeGreaterThan(0);
    expect(performance.now() - started - ready).toBeGreaterThan(190);
  });

  describe.runIf(process.platform === 'linux')('on Linux', () => {
    it('counts the CPU time of the process and of what it started', async () => {
      const idle = await runProcess(...node('setTimeout(() => {}, 300)'));
      const child = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(SPIN(400))}])`;
      const busy = await runProcess(...node(child));
      expect(idle.cpuSeconds).toBeGreaterThan(0);
      expect(idle.wallSeconds).toBeGreaterThan(0.3);
      expect(busy.cpuSeconds).toBeGreaterThan((idle.cpuSeconds ?? 0) + 0.05);
    });

    it('gives the peak of a process that has freed its memory again', async () => {
      const small = await runProcess(...node(SPIN(200)));
      const code = `let b = Buffer.alloc(${300 * MB}, 1); ${SPIN(200)} b = undefined; gc();`;
      const large = await runProcess(process.execPath, ['--expose-gc', '-e', code]);
      const more = (large.peakBytes ?? 0) - (small.peakBytes ?? 0);
      expect(more).toBeGreaterThan(290 * MB);
      expect(more).toBeLessThan(400 * MB);
    });

    it('adds up the memory of a process and its children', async () => {
      const hold = `const b = Buffer.alloc(${100 * MB}, 1);`;
      const child = `${hold} ${SPIN(300)} b.fill(2)`;
      // The parent holds its own for as long as the child lives. Either alone stays far below the sum.
      const { peakBytes } = await runProcess(
        ...node(`${hold} require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}])
          .once('exit', () => b.fill(2))`),
      );
      expect(peakBytes).toBeGreaterThan(200 * MB);
    });
  });
});

describe('runReporting', () => {
  it('takes the last line as the report', async () => {
    const result = await runReporting(
      ...node(`console.log('noise'); console.log('{"digest":"abc","seconds":0.5}')`),
    );
    expect(result).toMatchObject({ digest: 'abc', workSeconds: 0.5 });
  });

  it('does not take a program without a digest', async () => {
    await expect(runReporting(...node(`console.log('{"digest":""}')`))).rejects.toThrow(/without a digest/);
    await expect(runReporting(...node(`console.log('hello')`))).rejects.toThrow(/without a digest: "hello"/);
  });
});

describe('the command', () => {
  const bench = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], { encoding: 'utf8' });

  it('lists the benches', () => {
    const { status, stdout } = bench('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/parquet-read[\s\S]*quickstart[\s\S]*--runs/);
  }, 30_000);

  it('refuses unknown names and numbers', () => {
    expect(bench('nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining('"nonsense"') });
    expect(bench('quickstart', '--runs', '0')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--runs'),
    });
  }, 30_000);
});
