import { spawnSync } from 'node:child_process';

export interface Python {
  command: string;
  /** Of pyarrow. */
  version: string;
}

/** The Python in INSTRUCT_LAKE_PYTHON (or `python3`) when it has pyarrow; else why it cannot be used. */
export function findPyarrow(): Python | { missing: string } {
  const command = process.env.INSTRUCT_LAKE_PYTHON ?? 'python3';
  const { status, stdout, stderr, error } = spawnSync(
    command,
    ['-c', 'import pyarrow, pyarrow.parquet; print(pyarrow.__version__)'],
    { encoding: 'utf8' },
  );
  if (status === 0) return { command, version: stdout.trim() };
  const why = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return { missing: `${command}: ${why} (set INSTRUCT_LAKE_PYTHON to a Python with pyarrow)` };
}
