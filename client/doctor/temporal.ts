import { type Client, isGrpcServiceError } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { QUEUES, type Role, SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';
import { openClient, type Target } from '../target.ts';
import { type Finding, look, ok, wrong } from './finding.ts';

const CALL_MS = 10_000;
/** The server remembers pollers for minutes; one that lives asks again within a minute. */
const FRESH_MS = 75_000;
/** Numbers of `temporal.api.enums.v1.TaskQueueType`. */
const QUEUE_TYPES = { workflow: 1, activity: 2 } as const;

/** Looks at the server, the namespace, the search attributes, and whether somebody takes work from each queue. */
export async function lookAtTemporal(target: Target, found: (finding: Finding) => void): Promise<void> {
  let opened: Awaited<ReturnType<typeof openClient>> | undefined;
  const { address } = target.connection;
  const reached = await look(
    'Temporal',
    'start a local stack with `instruct-lake up`, or name your server with --address (TEMPORAL_ADDRESS)',
    async () => {
      opened = await openClient(target);
      const { serverVersion } = await opened.client.withDeadline(Date.now() + CALL_MS, () =>
        workflowService(opened).getSystemInfo({}),
      );
      return `${address} answers, server ${serverVersion}`;
    },
  );
  found(reached);
  if (opened === undefined) return;
  try {
    if (reached.state === 'ok') await lookInside(opened.client, target, found);
  } finally {
    await opened.close();
  }
}

function workflowService(opened: { client: Client } | undefined): Client['workflowService'] {
  if (opened === undefined) throw new Error('there is no connection');
  return opened.client.workflowService;
}

async function lookInside(client: Client, target: Target, found: (finding: Finding) => void): Promise<void> {
  const { namespace } = target;
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, call);
  const at = `--address ${target.connection.address} --namespace ${namespace}`;
  const named = await look(
    'Namespace',
    `create it (\`temporal operator namespace create ${at}\`), or name another with --namespace`,
    async () => {
      try {
        const { config } = await within(() => client.workflowService.describeNamespace({ namespace }));
        const hours = Math.round(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 3600);
        return `${namespace}, keeps closed runs for ${hours} hours (after that the lake alone knows them)`;
      } catch (error) {
        throw new Error(reason(error), { cause: error });
      }
    },
  );
  found(named);
  if (named.state !== 'ok') return;
  found(await lookAtAttributes(client, namespace, at, within));
  const seen: Record<Role, Poller | undefined> = {
    workflows: await poller(client, namespace, 'workflows', within),
    io: await poller(client, namespace, 'io', within),
    gpu: await poller(client, namespace, 'gpu', within),
    cpu: await poller(client, namespace, 'cpu', within),
    train: await poller(client, namespace, 'train', within),
  };
  for (const finding of queueFindings(seen, Date.now())) found(finding);
}

interface Poller {
  identity: string;
  /** Milliseconds since 1970, by the server's clock. */
  at: number;
}

/** What the last poller of each queue tells; `now` in milliseconds since 1970. */
export function queueFindings(seen: Record<Role, Poller | undefined>, now: number): Finding[] {
  return (Object.keys(QUEUES) as Role[]).map((role) => {
    const last = seen[role];
    const what = `Queue ${QUEUES[role]}`;
    const mend = `start one: \`instruct-lake worker --role ${role}\` (without --role it takes all)`;
    if (last === undefined) return wrong(what, 'no worker takes work from it', mend);
    const seconds = Math.max(0, Math.round((now - last.at) / 1000));
    if (now - last.at > FRESH_MS) {
      return wrong(what, `its last worker (${last.identity}) was seen ${seconds} s ago`, mend);
    }
    return ok(what, `worker ${last.identity}, seen ${seconds} s ago`);
  });
}

async function poller(
  client: Client,
  namespace: string,
  role: Role,
  within: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<Poller | undefined> {
  const { pollers } = await within(() =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: QUEUES[role] },
      taskQueueType: QUEUE_TYPES[role === 'workflows' ? 'workflow' : 'activity'],
    }),
  );
  return pollers
    .map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      at: lastAccessTime ? tsToMs(lastAccessTime) : 0,
    }))
    .sort((a, b) => b.at - a.at)[0];
}

async function lookAtAttributes(
  client: Client,
  namespace: string,
  at: string,
  within: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<Finding> {
  const what = 'Search attributes';
  const names = Object.keys(SEARCH_ATTRIBUTES);
  const without = 'runs go on without them and cannot be searched for by domain or phase';
  try {
    const { customAttributes } = await within(() =>
      client.connection.operatorService.listSearchAttributes({ namespace }),
    );
    const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in customAttributes));
    if (missing.length === 0) return ok(what, names.join(', '));
    const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
    return {
      what,
      state: 'optional',
      detail: `${missing.map(([name]) => name).join(', ')} not registered; ${without}`,
      mend: `temporal operator search-attribute create ${at} ${flags}; then start the workers again`,
    };
  } catch (error) {
    return {
      what,
      state: 'optional',
      detail: `the server does not say which it has (${reason(error)}); ${without}`,
    };
  }
}

function reason(error: unknown): string {
  if (isGrpcServiceError(error)) return error.details;
  return error instanceof Error ? error.message : String(error);
}
