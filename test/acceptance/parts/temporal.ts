import { obtainServers } from '../../../client/stack/obtain.ts';
import type { Failures, Progress } from '../../../workflows/contract.ts';
import { type Finished, run, until } from '../lib.ts';
import type { Printed } from './page.ts';

/** What a command printed, and what it was: without the server's address. */
export interface Called extends Finished, Printed {}

/** Temporal's own command, at one server. */
export interface TemporalCli {
  binary: string;
  address: string;
  /** Any of its commands. */
  run: (...args: string[]) => Promise<Called>;
  /** `workflow start` of `ingestDomain`; with `fail` the flags by which an id that runs already is refused. */
  start: (id: string, specFile: string, fail?: boolean) => Promise<Called>;
  /** Waits for the end. */
  result: (id: string) => Promise<Called>;
  query: (id: string, type: string) => Promise<Called>;
  /** `workflow update execute`, with what it takes as JSON. */
  update: (id: string, name: string, input?: string) => Promise<Called>;
  progress: (id: string) => Promise<Progress>;
  failures: (id: string) => Promise<Failures>;
  /** RUNNING, COMPLETED, FAILED, …, of the last execution with that id. */
  status: (id: string) => Promise<string>;
  /** Polls `workflow list` until it names every id: the index of a server is a little behind. */
  listed: (query: string, ids: readonly string[]) => Promise<string>;
}

const LISTED_SECONDS = 30;
/** When a command that waits in vain is told to end. */
const PATIENCE_MS = 300_000;

export async function temporalCli(
  address: string,
  at: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<TemporalCli> {
  const { temporal: binary } = await obtainServers((line) => console.log(`  ${line}`));
  const call = async (...args: string[]): Promise<Called> => {
    const ended = await run(binary, [...args, '--address', address], { ...at, timeout: PATIENCE_MS });
    const { code, stdout, stderr } = ended;
    return { ...ended, command: ['temporal', ...args], text: code === 0 ? stdout : stdout + stderr };
  };
  const parsed = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await call(...args, '--output', 'json');
    if (code !== 0) throw new Error(`temporal ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  };
  const asked = (id: string, type: string) => ['workflow', 'query', '--workflow-id', id, '--type', type];
  const query = async (id: string, type: string): Promise<unknown> => {
    const answer = await parsed(...asked(id, type));
    return (answer as { queryResult: unknown[] }).queryResult[0];
  };
  return {
    binary,
    address,
    run: call,
    start: (id, specFile, fail = true) =>
      call(
        ...['workflow', 'start', '--type', 'ingestDomain', '--task-queue', 'instruct-lake'],
        ...['--workflow-id', id, '--input-file', specFile],
        ...(fail ? ['--id-conflict-policy', 'Fail', '--fail-existing'] : []),
      ),
    result: (id) => call('workflow', 'result', '--workflow-id', id),
    query: (id, type) => call(...asked(id, type)),
    update: (id, name, input) =>
      call(
        ...['workflow', 'update', 'execute', '--workflow-id', id, '--name', name],
        ...(input === undefined ? [] : ['--input', input]),
      ),
    progress: (id) => query(id, 'progress') as Promise<Progress>,
    failures: (id) => query(id, 'failures') as Promise<Failures>,
    status: async (id) => {
      const described = await parsed('workflow', 'describe', '--workflow-id', id);
      const { status } = (described as { workflowExecutionInfo: { status: string } }).workflowExecutionInfo;
      return status.replace(/^WORKFLOW_EXECUTION_STATUS_/, '');
    },
    listed: (wanted, ids) =>
      until(`${ids.join(', ')} in workflow list --query '${wanted}'`, LISTED_SECONDS, async () => {
        const { stdout } = await call('workflow', 'list', '--query', wanted);
        return ids.every((id) => new RegExp(`\\s${id}\\s`).test(stdout)) ? stdout : undefined;
      }),
  };
}

/** The run id that `workflow start` has printed. */
export const runIdOf = ({ stdout }: Finished): string | undefined => /RunId\s+(\S+)/.exec(stdout)?.[1];
